package replica

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// event is one of a server's.
type event struct {
	Schema  string `json:"schema"`
	Name    string `json:"name"`
	status  string
	definer string
	mode    string
	zone    string
	client  string // character set
	sort    string // collation of the connection
}

func (v event) quoted() string { return mysql.QuoteTable(v.Schema, v.Name) }

func readEvents(ctx context.Context, s *mysql.Server) ([]event, error) {
	rows, err := mysql.QueryNamed(ctx, s.DB(), "SELECT EVENT_SCHEMA AS `schema`, EVENT_NAME AS name, STATUS AS status, DEFINER AS definer, SQL_MODE AS mode, TIME_ZONE AS zone,"+
		" CHARACTER_SET_CLIENT AS client, COLLATION_CONNECTION AS sort FROM information_schema.EVENTS WHERE EVENT_SCHEMA NOT IN ('mysql','sys')")
	if err != nil {
		return nil, fmt.Errorf("events of the %s: %w", s.Options.Label, err)
	}
	out := make([]event, len(rows))
	for i, r := range rows {
		out[i] = event{r.Text("schema"), r.Text("name"), r.Text("status"), r.Text("definer"), r.Text("mode"), r.Text("zone"), r.Text("client"), r.Text("sort")}
	}
	return out, nil
}

// setEvent switches an event on or off and leaves the rest of it as it is: ALTER EVENT would give it the session's sql_mode, time zone and
// character sets, and the account as definer.
func setEvent(ctx context.Context, s *mysql.Server, v event, state string) (err error) {
	conn, err := s.Session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	settings := []string{"sql_mode=" + mysql.QuoteString(v.mode), "time_zone=" + mysql.QuoteString(v.zone)}
	if isASCII(v.Schema + v.Name) { // else the statement would be read in another character set
		settings = append(settings, "character_set_client="+v.client, "collation_connection="+v.sort)
	}
	if _, err := conn.ExecContext(ctx, "SET SESSION "+strings.Join(settings, ", ")); err != nil {
		return fmt.Errorf("event %s: %w", v.quoted(), err)
	}
	user, host, _ := cutLast(v.definer, "@")
	sql := "EVENT " + v.quoted() + " " + state
	_, err = conn.ExecContext(ctx, "ALTER DEFINER="+mysql.QuoteName(user)+"@"+mysql.QuoteName(host)+" "+sql)
	if mysql.IsDenied(err) {
		_, err = conn.ExecContext(ctx, "ALTER "+sql)
	}
	if err != nil {
		return fmt.Errorf("event %s: %w", v.quoted(), err)
	}
	return nil
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x7e }) < 0
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// stopEvents keeps the source's events from running on both sides; those of SUPER accounts would write in spite of read_only.
func (c *cutover) stopEvents() step {
	s := c.e.source
	return step{
		name: "events of the source are stopped",
		do: func(ctx context.Context) (string, error) {
			if !isOn(s.Facts.Variables["event_scheduler"]) {
				return "its event_scheduler does not run", nil
			}
			err := setGlobal(ctx, s, "event_scheduler", "OFF")
			if mysql.IsDenied(err) {
				return "the account may not: set event_scheduler=OFF in the source's parameter group", nil
			}
			c.record.SourceEvents = err == nil
			return "event_scheduler=OFF", err
		},
		undo: func(ctx context.Context) error { return c.e.runEvents(ctx, c.record.SourceEvents) },
	}
}

func (e *ends) runEvents(ctx context.Context, ran bool) error {
	if !ran {
		return nil
	}
	return setGlobal(ctx, e.source, "event_scheduler", "ON")
}

// enableEvents switches on, on the target, what is on at the source.
func (c *cutover) enableEvents() step {
	t := c.e.target
	return step{
		name: "events of the target are enabled",
		do: func(ctx context.Context) (string, error) {
			theirs, err := readEvents(ctx, c.e.source)
			if err != nil {
				return "", err
			}
			ours, err := readEvents(ctx, t)
			if err != nil {
				return "", err
			}
			on := map[[2]string]bool{}
			for _, v := range theirs {
				on[[2]string{v.Schema, v.Name}] = v.status == "ENABLED"
			}
			for _, v := range ours {
				if !on[[2]string{v.Schema, v.Name}] || v.status == "ENABLED" {
					continue
				}
				if err := setEvent(ctx, t, v, "ENABLE"); err != nil {
					return "", err
				}
				c.record.Events = append(c.record.Events, v)
			}
			detail := fmt.Sprint(len(c.record.Events))
			if !c.record.SourceEvents || isOn(t.Facts.Variables["event_scheduler"]) {
				return detail, nil
			}
			err = setGlobal(ctx, t, "event_scheduler", "ON")
			if mysql.IsDenied(err) {
				return detail + "; set event_scheduler=ON in the target's parameter group", nil
			}
			c.record.TargetEvents = err == nil
			return detail + ", event_scheduler=ON", err
		},
		undo: func(ctx context.Context) error { return c.e.disableEvents(ctx, &c.record) },
	}
}

func (e *ends) disableEvents(ctx context.Context, r *record) error {
	if r.TargetEvents {
		if err := setGlobal(ctx, e.target, "event_scheduler", "OFF"); err != nil {
			return err
		}
	}
	if len(r.Events) == 0 {
		return nil
	}
	ours, err := readEvents(ctx, e.target)
	if err != nil {
		return err
	}
	for _, v := range ours {
		for _, was := range r.Events {
			if v.Schema == was.Schema && v.Name == was.Name {
				if err := setEvent(ctx, e.target, v, "DISABLE"); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
