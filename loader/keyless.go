package loader

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomove/gomove/transform"
)

// keyRules is what a target does to tables without a primary key, where the account may not switch that off in its sessions.
type keyRules struct {
	adds    bool // sql_generate_invisible_primary_key
	refuses bool // sql_require_primary_key
}

// readKeyRules asks a session of this load.
func (l *load) readKeyRules(ctx context.Context) error {
	for name, on := range map[string]*bool{"sql_generate_invisible_primary_key": &l.keyRules.adds, "sql_require_primary_key": &l.keyRules.refuses} {
		if _, ok := l.server.Facts.Variables[name]; !ok {
			continue
		}
		if err := l.server.DB().QueryRowContext(ctx, "SELECT @@session."+name).Scan(on); err != nil {
			return err
		}
	}
	return nil
}

// noteKeyless tells of a table without a primary key what becomes of it, before anything is changed.
func (l *load) noteKeyless(t *table, create []byte, m transform.Mode) {
	if !l.keyRules.adds && !l.keyRules.refuses {
		return
	}
	tokens := transform.Lex(create, m)
	if slices.ContainsFunc(tokens, func(t transform.Token) bool { return t.Is("PRIMARY") }) {
		return
	}
	n := transform.Note{Object: fmt.Sprintf("table %s", t)}
	if l.keyRules.adds {
		n.What = "gets the column my_row_id, an invisible primary key: sql_generate_invisible_primary_key is ON on the target, and the account may not switch it off"
	} else {
		n.Refused = true
		n.What = "it has no primary key, the target has sql_require_primary_key=ON, and the account may not switch it off: " +
			l.server.Facts.SetVariable("sql_require_primary_key", "OFF") + ", or a primary key on the source"
	}
	l.found(t, prepared{notes: []transform.Note{n}}) // held back for a table that may be kept
}
