package loader

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// needs is what a dump's stored objects ask of the loading account, by the first object that asks. The target is asked
// by trying, before any row is loaded: privileges come by roles and by products' own ways too.
type needs struct {
	owners   map[string]string // account in DEFINER clauses to an object
	routine  string            // a function
	unsafe   string            // a function that does not say how it treats data
	triggers map[*table]string // triggers, by their tables
	trigger  string            // of a table that the load does not know
}

func newNeeds() needs {
	return needs{owners: map[string]string{}, triggers: map[*table]string{}}
}

// maxOwners bounds the accounts that are tried.
const maxOwners = 100

func (n *needs) add(l *load, t *table, o *dump.Object, st *statement, p prepared) {
	object := st.nameOf(o)
	if p.definer != "" {
		switch l.o.Definer.Action {
		case transform.KeepDefiner:
			if _, known := n.owners[p.definer]; !known && strings.Contains(p.definer, "@") && len(n.owners) < maxOwners {
				n.owners[p.definer] = object
			}
		case transform.ReplaceDefiner:
			n.owners[l.o.Definer.Account] = object
		case transform.StripDefiner:
		}
	}
	switch st.kind {
	case "function":
		n.routine = object
		if !declaresData(p.text, st.mode) {
			n.unsafe = object
		}
	case "trigger":
		if t != nil {
			n.triggers[t] = object
		} else {
			n.trigger = object
		}
	}
}

// declaresData reports a CREATE FUNCTION that says DETERMINISTIC, NO SQL or READS SQL DATA.
func declaresData(create []byte, m transform.Mode) bool {
	tokens := significant(transform.Lex(create, m))
	seen := false
	for i, t := range tokens {
		switch {
		case t.Is("RETURNS"):
			seen = true
		case !seen:
		case t.Is("DETERMINISTIC") && !tokens[i-1].Is("NOT"), t.Is("SQL") && tokens[i-1].Is("NO"), t.Is("READS"):
			return true
		case isAny(t, "BEGIN", "RETURN", "IF", "CASE", "LOOP", "WHILE", "REPEAT"):
			return false
		}
	}
	return false
}

// tryNeeds makes objects of no use beside the progress table and drops them again.
func (l *load) tryNeeds(ctx context.Context) error {
	n := &l.needs
	for t, object := range n.triggers {
		if !t.left && n.trigger == "" {
			n.trigger = object
		}
	}
	function := n.routine
	if function == "" {
		function = n.trigger
	}
	if function == "" && len(n.owners) == 0 {
		return nil
	}
	err := l.tryFunctions(ctx, function)
	if err == nil {
		err = l.tryOwners(ctx)
	}
	if err == nil || l.past != nil {
		return err
	}
	_, undo := l.journal.remove(context.WithoutCancel(ctx), l.server) // nothing is loaded: there is nothing to carry on with
	return errors.Join(err, undo)
}

// tryFunctions meets 1419 and 1418 before the rows do.
func (l *load) tryFunctions(ctx context.Context, function string) error {
	if function == "" {
		return nil
	}
	try := map[string]string{function: " NO SQL"}
	if l.needs.unsafe != "" {
		try[l.needs.unsafe] = ""
	}
	for object, says := range try {
		_, err := l.tryCreate(ctx, "FUNCTION", "", "() RETURNS INT"+says+" RETURN 1")
		if n := mysql.Number(err); n == errNoSuper || n == errUnsafeFunction {
			return fmt.Errorf("%s cannot be created on this target, no row was loaded: it needs %s, or leave it out: %w",
				object, l.server.Facts.SetVariable("log_bin_trust_function_creators", "1"), err)
		}
	}
	return nil
}

// Errors of CREATE FUNCTION and CREATE TRIGGER under a binary log, and of DEFINER clauses.
const (
	errUnsafeFunction = 1418
	errNoSuper        = 1419
	errNoSuchAccount  = 1449
	errNeedsPrivilege = 1227
)

// tryOwners finds accounts that DEFINER clauses may not name, or that do not exist.
func (l *load) tryOwners(ctx context.Context) error {
	var missing []string
	for _, account := range slices.Sorted(maps.Keys(l.needs.owners)) {
		d := transform.Definer{Action: transform.ReplaceDefiner, Account: account}
		unknown, err := l.tryCreate(ctx, "PROCEDURE", d.Clause(), "() SELECT 1")
		n := mysql.Number(err)
		keep := l.o.Definer.Action == transform.KeepDefiner
		switch {
		case n == errNeedsPrivilege && keep:
			return fmt.Errorf("--definer keep: %s of the dump has definer %s, no row was loaded: %w", l.needs.owners[account], account, err)
		case n == errNeedsPrivilege:
			return fmt.Errorf("--definer %s: no row was loaded: %w", account, err)
		case (unknown || n == errNoSuchAccount) && !keep:
			return fmt.Errorf("--definer %s: %w on the target, no row was loaded: create it, or use --definer strip", account, ErrNoAccount)
		case unknown || n == errNoSuchAccount:
			missing = append(missing, account)
		}
	}
	if len(missing) > 0 {
		l.warn("definers that the target has no account for, so that nobody can use what is theirs: " + shorten(missing))
	}
	return nil
}

// tryCreate creates a routine beside the progress table and drops it. unknown reports the warning that its definer does
// not exist. Errors that are about the place and not about the routine are the caller's to pass over.
func (l *load) tryCreate(ctx context.Context, kind, definer, rest string) (unknown bool, err error) {
	s, err := l.open(ctx)
	if err != nil {
		return false, err
	}
	defer s.discard()
	name := mysql.QuoteTable(l.journal.schema, "gomove_"+randomName())
	if _, err := s.ExecContext(ctx, "DROP "+kind+" IF EXISTS "+name); err != nil {
		// It would stay: MySQL 5.6 does not always give the creator the right to drop what it made.
		l.log.Debug("what the dump needs is not tried", "kind", kind, "error", err)
		return false, nil
	}
	if _, err := s.ExecContext(ctx, "CREATE "+definer+" "+kind+" "+name+rest); err != nil {
		l.log.Debug("tried what the dump needs", "kind", kind, "definer", definer, "error", err)
		return false, err
	}
	unknown, err = s.warned(ctx, errNoSuchAccount)
	_, drop := s.ExecContext(context.WithoutCancel(ctx), "DROP "+kind+" IF EXISTS "+name)
	return unknown, errors.Join(err, drop)
}

// warned reports whether the last statement gave a warning with this number.
func (s *session) warned(ctx context.Context, number int) (found bool, err error) {
	rows, err := s.QueryContext(ctx, "SHOW WARNINGS")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var level, text string
		var n int
		if err := rows.Scan(&level, &n, &text); err != nil {
			return false, err
		}
		found = found || n == number
	}
	return found, rows.Err()
}
