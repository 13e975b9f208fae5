package accounts

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// Grant gives an account what it may do. What the target refuses stands in the report; an error is one that ends the load.
// Grants on tables and routines need these to be there.
func (t *Target) Grant(ctx context.Context, exec Exec, a *Account) error {
	for i := range a.Grants {
		g := &a.Grants[i]
		var err error
		switch {
		case g.Proxy != nil:
			err = t.give(ctx, exec, a, "PROXY ON "+g.Proxy.Quoted(), "PROXY ON "+g.Proxy.Quoted(), g.Option)
		case len(g.Roles) > 0:
			err = t.giveRoles(ctx, exec, a, g)
		default:
			err = t.givePrivileges(ctx, exec, a, g)
		}
		if err != nil {
			return err
		}
	}
	for _, r := range a.Revokes {
		if err := t.revoke(ctx, exec, a, &r); err != nil {
			return err
		}
	}
	for _, u := range a.Unread {
		note(&t.Report.NotGranted, "%s: not understood", u)
	}
	return t.defaultRoles(ctx, exec, a)
}

// fatal is an error that ends the load: every other one is a refusal.
func fatal(err error) bool {
	return err != nil && (mysql.Number(err) == 0 || mysql.IsConnectionLost(err))
}

func (t *Target) refused(what, to, why string) {
	note(&t.Report.NotGranted, "%s to %s: %s", what, to, why)
}

// give runs GRANT what TO a.
func (t *Target) give(ctx context.Context, exec Exec, a *Account, what, shown string, option bool) error {
	statement := "GRANT " + what + " TO " + a.Quoted()
	if option {
		statement += " WITH GRANT OPTION"
	}
	err := exec(ctx, statement)
	if err != nil && !fatal(err) {
		t.refused(shown, a.Quoted(), reason(err))
		return nil
	}
	return err
}

func (t *Target) giveRoles(ctx context.Context, exec Exec, a *Account, g *Grant) error {
	for _, r := range g.Roles {
		role := t.named(r, true)
		statement := "GRANT " + role.Quoted() + " TO " + a.Quoted()
		if g.Option {
			statement += " WITH ADMIN OPTION"
		}
		if err := exec(ctx, statement); fatal(err) {
			return err
		} else if err != nil {
			t.refused("role "+role.Quoted(), a.Quoted(), reason(err))
		}
	}
	return nil
}

// givePrivileges tries all at once, and where that is refused one by one.
func (t *Target) givePrivileges(ctx context.Context, exec Exec, a *Account, g *Grant) error {
	here, err := t.moved(g)
	if err != nil {
		t.refused(joinPrivileges(g.Privileges)+" ON "+g.level(), a.Quoted(), err.Error())
		return nil
	}
	privileges := t.unrevoked(a, &here)
	known, unknown := t.sort(privileges)
	if len(unknown) > 0 {
		t.refused(joinPrivileges(unknown)+" ON "+here.level(), a.Quoted(), "this server does not have them")
	}
	known, beyond := t.within(known, &here)
	if len(beyond) > 0 {
		t.refused(joinPrivileges(beyond)+" ON *.*", a.Quoted(), "the loading account has not got them, and nobody gets more on a managed server")
	}
	if len(known) == 0 && !here.Option {
		return nil
	}
	if len(known) == 0 {
		known = []Privilege{{Name: usage}}
	}
	on, to := " ON "+here.level(), " TO "+a.Quoted()
	option := ""
	if here.Option {
		option = " WITH GRANT OPTION"
	}
	err = exec(ctx, "GRANT "+joinPrivileges(known)+on+to+option)
	if err == nil || fatal(err) {
		return err
	}
	return t.oneByOne(ctx, exec, a, &here, known, err)
}

// within tells what the loading account of a managed server has on all of it from what it has not.
func (t *Target) within(known []Privilege, g *Grant) (has, beyond []Privilege) {
	if t.mine == nil || g.Schema != "*" || t.mine[allPrivileges] {
		return known, nil
	}
	for _, p := range known {
		if p.Name == allPrivileges {
			for _, every := range t.every() {
				if t.mine[every.Name] {
					has = append(has, every)
				} else {
					beyond = append(beyond, every)
				}
			}
		} else if t.mine[p.Name] {
			has = append(has, p)
		} else {
			beyond = append(beyond, p)
		}
	}
	return has, beyond
}

// oneByOne finds out which of some privileges were refused. An account that had all gets all that may be given.
func (t *Target) oneByOne(ctx context.Context, exec Exec, a *Account, g *Grant, known []Privilege, whole error) error {
	if absent(whole) {
		t.refused(joinPrivileges(known)+" ON "+g.level(), a.Quoted(), reason(whole))
		return nil
	}
	all := known[0].Name == allPrivileges
	if all {
		known = t.every()
	}
	if g.Option {
		known = append(slices.Clone(known), Privilege{Name: grantOption})
	}
	refusals := map[string][]Privilege{}
	for _, p := range known {
		err := exec(ctx, "GRANT "+p.String()+" ON "+g.level()+" TO "+a.Quoted())
		if fatal(err) {
			return err
		}
		if err != nil && !(all && wrongLevel(err)) {
			refusals[reason(err)] = append(refusals[reason(err)], p)
		}
	}
	for why, some := range refusals {
		t.refused(joinPrivileges(some)+" ON "+g.level(), a.Quoted(), why)
	}
	return nil
}

// absent reports an error of a table, column or routine that is not there: no other privilege fares better.
func absent(err error) bool {
	switch mysql.Number(err) {
	case 1049, 1054, 1146, 1305, 1133, 1410, 3162:
		return true
	}
	return false
}

// wrongLevel reports a privilege that cannot be given on a schema, a table or a routine.
func wrongLevel(err error) bool {
	switch mysql.Number(err) {
	case 1144, 1221, 3619:
		return true
	}
	return false
}

// moved is a grant under the target's names.
func (t *Target) moved(g *Grant) (Grant, error) {
	here := *g
	if g.On == "" && g.Object != "*" {
		here.Schema, here.Object = t.names.Table(g.Schema, g.Object)
		return here, nil
	}
	var err error
	here.Schema, err = t.schemaOf(g.Schema, g.Object == "*")
	return here, err
}

// unrevoked leaves out of a global grant what the source takes back for some schemas, on a target that cannot: it would give more.
func (t *Target) unrevoked(a *Account, g *Grant) []Privilege {
	if t.partial || len(a.Revokes) == 0 || g.Schema != "*" {
		return g.Privileges
	}
	var kept, left []Privilege
	for _, p := range g.Privileges {
		if slices.ContainsFunc(a.Revokes, func(r Grant) bool {
			return slices.ContainsFunc(r.Privileges, func(q Privilege) bool { return q.Name == p.Name || q.Name == allPrivileges })
		}) {
			left = append(left, p)
			continue
		}
		kept = append(kept, p)
	}
	if len(left) > 0 {
		t.refused(joinPrivileges(left)+" ON *.*", a.Quoted(), "the source takes them back for some schemas, which this server cannot (partial_revokes)")
	}
	return kept
}

func (t *Target) revoke(ctx context.Context, exec Exec, a *Account, r *Grant) error {
	if !t.partial {
		return nil // nothing was given that it takes back
	}
	here, err := t.moved(r)
	if err == nil {
		err = exec(ctx, "REVOKE "+joinPrivileges(here.Privileges)+" ON "+here.level()+" FROM "+a.Quoted())
	}
	if fatal(err) && !errors.Is(err, errNotUnderstood) && mysql.IsConnectionLost(err) {
		return err
	}
	if err != nil {
		note(&t.Report.Failed, "%s may %s on %s, which the source takes back: %s", a, joinPrivileges(r.Privileges), r.level(), reason(err))
	}
	return nil
}

// defaultRoles makes roles active at login. MariaDB has one.
func (t *Target) defaultRoles(ctx context.Context, exec Exec, a *Account) error {
	var roles []Name
	for _, r := range a.DefaultRoles {
		roles = append(roles, t.named(r, true))
	}
	if len(roles) == 0 {
		return nil
	}
	statement := "ALTER USER " + a.Quoted() + " DEFAULT ROLE " + joinNames(roles)
	if t.isMariaDB() {
		statement = "SET DEFAULT ROLE " + roles[0].Quoted() + " FOR " + a.Quoted()
		if len(roles) > 1 {
			note(&t.Report.Changed, "%s: %s is its one default role, without %s", a, roles[0], joinNames(roles[1:]))
		}
	}
	err := exec(ctx, statement)
	if fatal(err) {
		return err
	}
	if err != nil {
		note(&t.Report.Changed, "%s: without its default roles: %s", a, strings.TrimSpace(reason(err)))
	}
	return nil
}
