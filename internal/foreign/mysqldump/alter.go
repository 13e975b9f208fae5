package mysqldump

import (
	"fmt"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// alter takes up an ALTER TABLE that completes the definition of a table of the file, as phpMyAdmin writes keys, AUTO_INCREMENT and
// foreign keys behind the rows: the table is made with them as if its CREATE TABLE had named them.
func (c *objects) alter(s *session, it *item) error {
	if len(it.text) > maxShort {
		return errNotKnown
	}
	schema, name, ok := transform.AlterName(it.text, it.mode)
	if !ok {
		return errNotKnown
	}
	schema, name, err := s.qualified(schema, name)
	if err != nil || c.passes(schema) {
		return err
	}
	t := c.tables[[2]string{schema, name}]
	if t == nil || !c.made[madeKey("TABLE", schema, name)] || c.o.Unsafe == RunUnsafe && c.unsafe.count > 0 {
		return errNotKnown // with a statement before it that is run in its place, it is run in its own
	}
	if it.mode != t.mode || s.script.env.SQL() != t.settings {
		return errNotKnown // its text means something else than that of the CREATE TABLE
	}
	create, err := transform.FoldAlter(t.create, it.text, it.mode)
	if err != nil {
		return errNotKnown
	}
	if t.given {
		return fmt.Errorf("%w: keys of table %s behind its rows: load the file by its path, not from a pipe", foreign.ErrStatement, mysql.QuoteTable(schema, name))
	}
	return t.define(c.o.Name, create)
}

// define gives a table another definition, at the place of its CREATE TABLE.
func (t *table) define(file string, create []byte) error {
	text := func(create []byte) []byte {
		var o dump.FedObject
		foreign.AddText(&o, file, 0, t.settings, create)
		return o.Texts[0]
	}
	behind := t.object.Texts[0][len(text(t.create)):] // a trigger of the same line
	t.object.Texts[0] = append(text(create), behind...)
	t.create = create
	if t.columns == nil {
		return nil
	}
	t.columns = nil
	return t.choose(t.named, t.charset)
}
