package loader

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// defaults is what a schema's CREATE DATABASE says.
type defaults struct {
	charset, collation string
	differs            bool // from those of the schema that the target has already
}

// databaseDefault reads the options of CREATE DATABASE.
func databaseDefault(create []byte, m transform.Mode) (d defaults) {
	tokens := significant(transform.Lex(create, m))
	for i := 0; i+1 < len(tokens); i++ {
		value := i + 1
		if tokens[value].Is("=") && value+1 < len(tokens) {
			value++
		}
		switch {
		case tokens[i].Is("COLLATE"):
			d.collation = strings.ToLower(tokens[value].Unquote(m))
		case tokens[i].Is("CHARSET"), tokens[i].Is("SET") && tokens[i-1].Is("CHARACTER"):
			d.charset = strings.ToLower(tokens[value].Unquote(m))
		}
	}
	return d
}

// compareDefaults tells of a schema that is there with another collation than the dump's. It keeps its own; the dump's
// routines are created under theirs, since it decides the charset of their parameters.
func (l *load) compareDefaults(ctx context.Context, schema string) error {
	d := l.defaults[schema]
	if d.collation == "" && d.charset != "" {
		found, err := column(ctx, l.server, "SELECT default_collate_name FROM information_schema.character_sets WHERE character_set_name="+
			mysql.QuoteString(l.target.Charset(d.charset)))
		if err != nil {
			return err
		}
		if len(found) > 0 {
			d.collation = found[0]
		}
	}
	if d.collation == "" {
		return nil
	}
	now, err := l.schemaCollation(ctx, schema)
	if err != nil {
		return err
	}
	if d.differs = !strings.EqualFold(now, d.collation); d.differs && l.past == nil {
		l.warn(fmt.Sprintf("schema %s is there with the default collation %s and keeps it; the dump's has %s", mysql.QuoteName(schema), now, d.collation))
	}
	l.defaults[schema] = d
	return nil
}

// settingNotes are the changes to what a stored object runs under: its sql_mode and its client's collation.
func (l *load) settingNotes(o *dump.Object, st *statement) (notes []transform.Note) {
	switch st.kind {
	case "", "table", "database", "sequence":
		return nil
	}
	object := st.nameOf(o)
	if st.kind != "view" && l.foreignComments(st.text, st.mode) {
		notes = append(notes, transform.Note{Object: object, What: commentsNote})
	}
	if _, dropped := transform.AdaptSQLMode(st.vars[varMode], l.target); len(dropped) > 0 {
		notes = append(notes, transform.Note{Object: object, What: "sql_mode " + strings.Join(dropped, ",") + " left out"})
	}
	for _, name := range []string{varCollation, varDatabase} {
		c := st.vars[name]
		if c == "" {
			continue
		}
		to, changed, err := transform.AdaptCollation(c, l.target)
		switch {
		case err != nil:
			notes = append(notes, transform.Note{Object: object, What: "it was made under collation " + c + ", which the target lacks", Refused: true})
		case changed && !transform.SameCharset(to, c): // another one, not another name
			notes = append(notes, transform.Note{Object: object, What: "the collation that it was made under, " + c + ", becomes " + to})
		}
	}
	return notes
}
