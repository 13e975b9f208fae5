package mysqldump

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/transform"
)

// Unsafe is what becomes of statements that no dump needs.
type Unsafe int

// They are refused, passed over and told, or given as events in their places.
const (
	RefuseUnsafe Unsafe = iota
	PassOverUnsafe
	RunUnsafe
)

// unsafe are the statements of a surveyed file that are to be run in their places.
type unsafe struct {
	at    map[int64]bool    // where they start
	count int               // of statements that may be among them, so far
	fires map[[2]string]int // by table, that number at its first trigger
}

// refuse decides on a statement that no dump needs.
func (o *Options) refuse(line int, text string) error {
	if o.Unsafe == PassOverUnsafe {
		o.warn(fmt.Sprintf("%s line %d: passed over, as a dump needs no such statement: %s", o.Name, line, text))
		return nil
	}
	return &foreign.PlaceError{File: o.Name, Line: int64(line), Err: fmt.Errorf("%w; statement: %s", errNotKnown, text)}
}

// unsafe takes up a statement that no dump needs.
func (s *session) unsafe(it *item) error {
	if s.o.Unsafe != RunUnsafe {
		return s.o.refuse(it.line, excerpt(it.text))
	}
	return s.objects.run(it.offset, it.line, excerpt(it.text), whyNotRun(significantStart(it.text, it.mode)))
}

// run notes a statement that is to be run. why is a reason against that.
func (c *objects) run(offset int64, line int, text, why string) error {
	switch {
	case c.o.Once:
		why = "in its place it can be run from a file that is given by its path, not from a pipe"
	case c.o.NotRun != "":
		why = c.o.NotRun
	}
	if why != "" {
		return &foreign.PlaceError{File: c.o.Name, Line: int64(line), Err: fmt.Errorf("%w, and --allow-unsafe-sql does not run it: %s; statement: %s", errNotKnown, why, text)}
	}
	c.unsafe.count++
	c.unsafe.at[offset] = true
	c.o.warn(fmt.Sprintf("%s line %d: a dump needs no such statement; it is run in its place: %s", c.o.Name, line, text))
	return nil
}

// whyNotRun tells the statements that mean nothing outside of the session of a client, which a load that carries on does not have.
func whyNotRun(tokens []transform.Token) string {
	starts := func(words ...string) bool { _, ok := transform.Match(tokens, 0, words...); return ok }
	for _, word := range []string{"PREPARE", "EXECUTE", "DEALLOCATE", "ROLLBACK", "SAVEPOINT", "RELEASE", "XA", "HANDLER", "LOCK", "DECLARE", "KILL", "SHUTDOWN", "RESTART"} {
		if starts(word) {
			return word + " is about the session of a client"
		}
	}
	global := false
	for _, t := range tokens {
		text := strings.ToLower(string(t.Text))
		if t.Kind == transform.Variable && !strings.HasPrefix(text, "@@") {
			return "it uses " + text + ", a variable of the session of a client"
		}
		global = global || t.Is("GLOBAL") || t.Is("PERSIST") || t.Is("PERSIST_ONLY") || t.Is("PASSWORD") || t.Is("ROLE") ||
			strings.HasPrefix(text, "@@global.") || strings.HasPrefix(text, "@@persist")
	}
	switch {
	case starts("SET") && !global:
		return "it sets what only the session of a client has"
	case starts("CREATE", "TEMPORARY"), starts("CREATE", "OR", "REPLACE", "TEMPORARY"), starts("DROP", "TEMPORARY"):
		return "a temporary table is gone with the session of a client"
	case starts("LOAD"):
		return "it reads another file: give that by --csv-table"
	}
	return ""
}

// rowsOnly reports a statement that changes rows of tables that are no server's own, and ends no transaction.
func rowsOnly(tokens []transform.Token, m transform.Mode) bool {
	for _, t := range tokens {
		if (t.Kind == transform.Word || t.Kind == transform.QuotedName) && slices.Contains(systemSchemas, strings.ToLower(t.Unquote(m))) {
			return false
		}
	}
	return tokens[0].Is("INSERT") || tokens[0].Is("REPLACE") || tokens[0].Is("UPDATE") || tokens[0].Is("DELETE")
}

// triggered notes that a table has a trigger now.
func (c *objects) triggered(schema, table string) {
	key := [2]string{schema, table}
	if _, ok := c.unsafe.fires[key]; !ok {
		c.unsafe.fires[key] = c.unsafe.count
	}
}

// checkFires refuses rows that would fire a trigger, which a statement before them needs there.
func (c *objects) checkFires(t *table) error {
	o := t.object
	if n, ok := c.unsafe.fires[[2]string{o.Schema, o.Name}]; ok && n < c.unsafe.count && c.o.Unsafe == RunUnsafe {
		return fmt.Errorf("%w: rows of table %s behind a trigger of it and a statement that is to be run: put the trigger behind the rows", foreign.ErrStatement, t.columns)
	}
	return nil
}

// Statements is how many statements are given that no dump needs.
func (f *Feed) Statements() int { return len(f.objects.unsafe.at) }

// giveStatement gives a statement that is to be run, behind all rows before it.
func (f *Feed) giveStatement(ctx context.Context, it *item) error {
	if err := f.flush(ctx); err != nil {
		return err
	}
	f.table = nil
	return f.emit(ctx, dump.Event{Statement: &dump.FedStatement{
		File: f.o.Name, Line: it.line, Offset: it.offset, Schema: f.session.schema,
		Text: bytes.Clone(it.text), Shown: excerpt(it.text), RowsOnly: len(it.text) <= maxShort && rowsOnly(significantStart(it.text, it.mode), it.mode), Settings: maps.Clone(f.session.script.env.Vars),
	}})
}
