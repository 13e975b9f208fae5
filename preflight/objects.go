package preflight

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
)

// onObjects makes an object of each view, trigger, routine and event that is one for use.
func (e *examination) onObjects(ctx context.Context, use func(o *storedObject) (detail, fix string, ok bool)) ([]Object, error) {
	all, err := e.objects(ctx)
	var out []Object
	for i := range all {
		if detail, fix, ok := use(&all[i]); ok {
			out = append(out, Object{Name: all[i].String(), Detail: detail, Fix: fix})
		}
	}
	return out, err
}

// definers finds objects whose definer is not the account that runs this.
func definers(ctx context.Context, e *examination) ([]Finding, error) {
	objects, err := e.onObjects(ctx, func(o *storedObject) (string, string, bool) {
		return "definer " + o.definer, "", o.definer != "" && o.definer != e.Source.Facts.User
	})
	return found(objects, Finding{
		Severity: Note, What: "views, triggers, routines and events of other definers",
		Why: "an account without SUPER or SET_ANY_DEFINER may not create them (error 1227), and one that is missing on the target makes them fail (error 1449)",
		Fix: "nothing is needed: load strips the DEFINER, so that the loading account becomes it; --definer keep or USER@HOST choose another",
	}), err
}

// Errors 1418 and 1419 come from here.
const trustVariable = "log_bin_trust_function_creators"

// trustedCreators finds functions and triggers that the loading account may not create while the target writes a binary log.
func trustedCreators(ctx context.Context, e *examination) ([]Finding, error) {
	v := e.Target.Facts.Variables[trustVariable]
	if !e.Target.Facts.LogBin || v == "ON" || v == "1" {
		return nil, nil
	}
	may, err := e.mayLoad(ctx)
	if err != nil || may.Server("SUPER") {
		return nil, err
	}
	objects, err := e.onObjects(ctx, func(o *storedObject) (string, string, bool) {
		return "", "", o.kind == "function" || o.kind == "trigger"
	})
	severity := Error
	if may.Unread > 0 {
		severity = Warning // the privilege may come by a role
	}
	return found(objects, Finding{
		Severity: severity, What: "functions and triggers, and the loading account has no SUPER on the target", Why: "the target writes a binary log and refuses them then (errors 1418, 1419)",
		Fix: e.setting(e.Target, trustVariable, "1") + ", or --no-triggers and --no-routines",
	}), err
}

// events finds those that would run on both servers.
func events(ctx context.Context, e *examination) ([]Finding, error) {
	objects, err := e.onObjects(ctx, func(o *storedObject) (string, string, bool) { return strings.ToLower(o.state), "", o.kind == "event" })
	return found(objects, Finding{
		Severity: Note, What: "events", Why: "on two servers at once they would do their work twice",
		Fix: "nothing is needed for the move: load creates them DISABLED; enable them at cut-over (--enable-events, ALTER EVENT ... ENABLE) and see that event_scheduler is ON",
	}), err
}

// timeZones finds events in zones that the target does not know, and another zone of the server.
func timeZones(ctx context.Context, e *examination) ([]Finding, error) {
	var asked error
	knows := map[string]bool{}
	objects, err := e.onObjects(ctx, func(o *storedObject) (string, string, bool) {
		zone := o.zone
		if o.kind != "event" || zone == "" || zone == "SYSTEM" || zone[0] == '+' || zone[0] == '-' {
			return "", "", false
		}
		if _, seen := knows[zone]; !seen {
			asked = each(ctx, e.Target, "SELECT CONVERT_TZ('2026-01-01 00:00:00', '+00:00', "+mysql.QuoteString(zone)+") IS NOT NULL", func(c []string) { knows[zone] = c[0] == "1" })
		}
		return "in time zone " + zone, "", !knows[zone]
	})
	if err == nil {
		err = asked
	}
	if err != nil {
		return nil, err
	}
	out := found(objects, Finding{
		Severity: Error, What: "events in a time zone that the target does not know", Why: "CREATE EVENT fails there (error 1298)",
		Fix: "load the zones on the target (mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql mysql), or leave the events out with --no-events",
	})
	from, to := zoneOf(&e.Source.Facts), zoneOf(&e.Target.Facts)
	if from != to {
		out = append(out, Finding{
			Severity: Warning, What: fmt.Sprintf("the source's time zone is %s, the target's %s", from, to),
			Why: "gomove moves TIMESTAMP in UTC, exactly; NOW(), and TIMESTAMP as sessions see it, differ where sessions do not set time_zone",
			Fix: e.setting(e.Target, "time_zone", "'"+e.Source.Facts.Variables["time_zone"]+"'") + ", or have the applications set it",
		})
	}
	return out, nil
}

// zoneOf is the zone of a server's sessions.
func zoneOf(f *mysql.Facts) string {
	if z := f.Variables["time_zone"]; z != "" && z != "SYSTEM" {
		return z
	}
	return f.Variables["system_time_zone"]
}

// accounts finds those that have rights on what is moved, where they are not moved with it.
func accounts(ctx context.Context, e *examination) ([]Finding, error) {
	if e.Selection.Users.Wanted {
		return nil, nil
	}
	schemas := map[string]bool{}
	for _, s := range e.Catalog.Schemas {
		schemas[s.Name] = true
	}
	have := map[string]string{}
	for _, from := range []string{"SCHEMA_PRIVILEGES", "TABLE_PRIVILEGES", "COLUMN_PRIVILEGES"} {
		err := each(ctx, e.Source, "SELECT DISTINCT GRANTEE, TABLE_SCHEMA FROM information_schema."+from, func(c []string) {
			for s := range schemas {
				if catalog.Like(c[1], s) && have[c[0]] == "" {
					have[c[0]] = s
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	f := Finding{
		Severity: Note, What: "accounts with rights on what is moved", Why: "gomove moves accounts and grants only with --users", Fix: "--users, or create them on the target: SHOW CREATE USER and SHOW GRANTS print the statements",
	}
	there := map[string]bool{}
	if e.Target != nil {
		f.Severity, f.What = Warning, "accounts with rights on what is moved that the target lacks"
		err := each(ctx, e.Target, "SELECT DISTINCT GRANTEE FROM information_schema.USER_PRIVILEGES", func(c []string) { there[c[0]] = true })
		if err != nil {
			return nil, err
		}
	}
	var objects []Object
	for account, schema := range have {
		if !there[account] {
			objects = append(objects, Object{Name: account, Detail: "on " + mysql.QuoteName(schema), Fix: "SHOW GRANTS FOR " + account})
		}
	}
	return found(objects, f), nil
}
