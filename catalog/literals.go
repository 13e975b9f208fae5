package catalog

import (
	"bytes"
	"context"
	"slices"

	"github.com/gomove/gomove/transform"
)

// restoreLiterals repairs the strings of a view that SHOW CREATE VIEW of MySQL 5.6 prints wrong: a literal that is compared
// with a column of another charset comes out empty or twice encoded there, and right in information_schema (`b <> 'é'` becomes `b <> ”`).
func (d *DefinitionReader) restoreLiterals(ctx context.Context, v *View, st Stored) ([]byte, error) {
	if isASCII(v.Definition) {
		return st.SQL, nil
	}
	mode := transform.Mode{Charset: st.Client}
	tokens := transform.Lex(st.SQL, mode)
	as := slices.IndexFunc(tokens, func(t transform.Token) bool { return t.Is("AS") })
	if as < 0 {
		return st.SQL, nil
	}
	want := literalsOf(transform.Lex([]byte(v.Definition), transform.Mode{Charset: "utf8mb4"}))
	have := literalsOf(tokens[as:])
	if len(want) != len(have) {
		d.Warn("view %s: SHOW CREATE VIEW and information_schema differ on it, compare it after the load", v)
		return st.SQL, nil
	}
	changed := false
	for i, w := range want {
		if have[i].introduced || isASCII(w.Text) && bytes.Equal(w.Text, have[i].Text) {
			continue
		}
		b, ok, err := d.show.convert(ctx, string(w.Text), st.Client)
		if err != nil {
			return nil, err
		}
		switch {
		case bytes.Equal(b, have[i].Text):
		case ok:
			have[i].Text = b
			changed = true
		default:
			d.Warn("view %s: this server prints the literal %s as %q, compare it after the load", v, w.Text, have[i].Text)
		}
	}
	if !changed {
		return st.SQL, nil
	}
	return transform.Join(tokens), nil
}

// literal is a string of a view; introduced when its charset is written before it, and its bytes are that charset's.
type literal struct {
	*transform.Token
	introduced bool
}

// literalsOf returns the strings in place.
func literalsOf(tokens []transform.Token) []literal {
	var out []literal
	introduced := false
	for i := range tokens {
		t := &tokens[i]
		if t.Kind == transform.String {
			out = append(out, literal{t, introduced})
		}
		if t.Significant() {
			introduced = t.Kind == transform.Word && t.Text[0] == '_'
		}
	}
	return out
}
