package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/transform"
)

// recodeHeader puts the header of a stored object into the charset of its client. Servers print the name, the comment and
// the types of a result in UTF-8 and the rest in the bytes that the client sent, so a replay would garble one of them.
func (d *DefinitionReader) recodeHeader(ctx context.Context, o Stored, kind, schema, name, on string) ([]byte, error) {
	if isUTF8(o.Client) || isASCII(o.SQL) {
		return o.SQL, nil
	}
	h := headerRecoder{show: d.show, charset: o.Client, mode: transform.Mode{Charset: o.Client}.WithSQLMode(o.Mode)}
	h.tokens = transform.Lex(o.SQL, h.mode)
	i := h.kind(kind)
	if i < 0 {
		return nil, fmt.Errorf("its definition starts with %.60q", o.SQL)
	}
	i = h.name(ctx, i, name)
	switch kind {
	case "TRIGGER":
		for i < len(h.tokens) && !h.tokens[i].Is("ON") {
			i++
		}
		h.name(ctx, i+1, on)
	case "EVENT":
		for i < len(h.tokens) && !h.tokens[i].Is("DO") {
			h.text(ctx, i)
			i++
		}
	case "PROCEDURE", "FUNCTION":
		h.characteristics(ctx, i)
	}
	if h.lossy {
		d.Warn("%s %s.%s: its name or comment has characters that its client's charset %s lacks: they are dumped as ?", strings.ToLower(kind), schema, name, o.Client)
	}
	return transform.Join(h.tokens), h.err
}

func isASCII[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// headerRecoder works on the tokens of one statement.
type headerRecoder struct {
	show    *ShowReader
	charset string
	mode    transform.Mode
	tokens  []transform.Token
	lossy   bool
	err     error
}

// Kind finds the token after the kind's words.
func (h *headerRecoder) kind(kind string) int {
	words := strings.Fields(kind)
	for i := range h.tokens {
		if j, ok := transform.Match(h.tokens, i, words...); ok && h.tokens[i].Significant() {
			return j
		}
	}
	return -1
}

// Name replaces the name at i, past a schema's, and returns the index after it.
func (h *headerRecoder) name(ctx context.Context, i int, name string) int {
	i = transform.Skip(h.tokens, i)
	if j := transform.Skip(h.tokens, i+1); j < len(h.tokens) && h.tokens[j].Is(".") {
		i = transform.Skip(h.tokens, j+1)
	}
	if i < len(h.tokens) && !isASCII(name) {
		h.replace(ctx, i, name)
	}
	return i + 1
}

// text replaces a string at i that is in UTF-8.
func (h *headerRecoder) text(ctx context.Context, i int) {
	if h.tokens[i].Kind == transform.String && !isASCII(h.tokens[i].Text) {
		h.replace(ctx, i, h.tokens[i].Unquote(byteMode))
	}
}

// replace quotes text before it is converted: in the client's charset a quote or a backslash may be a character's second byte.
func (h *headerRecoder) replace(ctx context.Context, i int, text string) {
	t := &h.tokens[i]
	quoted := func(q string) string { return q + strings.ReplaceAll(text, q, q+q) + q }
	if t.Kind == transform.QuotedName { // an unquoted name stays one
		text = quoted(string(t.Text[:1]))
	}
	if t.Kind == transform.String {
		if !h.mode.NoBackslashEscapes {
			text = strings.ReplaceAll(text, `\`, `\\`)
		}
		text = quoted("'")
	}
	b, ok, err := h.show.convert(ctx, text, h.charset)
	if err != nil {
		h.err = err
		return
	}
	h.lossy = h.lossy || !ok
	t.Text = b
}

// characteristicWords may stand between the parameters of a routine and its body.
var characteristicWords = []string{
	"RETURNS", "CHARSET", "CHARACTER", "SET", "COLLATE", "UNSIGNED", "ZEROFILL", "LANGUAGE", "SQL", "NOT", "DETERMINISTIC",
	"CONTAINS", "NO", "READS", "MODIFIES", "DATA", "SECURITY", "INVOKER", "DEFINER", "COMMENT",
}

// characteristics recodes the strings between the parameters, which are in the client's bytes, and the body.
func (h *headerRecoder) characteristics(ctx context.Context, i int) {
	i = transform.Skip(h.tokens, i)
	if i >= len(h.tokens) || !h.tokens[i].Is("(") {
		return
	}
	anyWord := false
	for i = transform.Closing(h.tokens, i) + 1; i < len(h.tokens); i++ {
		t := h.tokens[i]
		switch {
		case !t.Significant():
			continue
		case t.Kind == transform.String:
			h.text(ctx, i)
		case t.Is("("):
			end := min(transform.Closing(h.tokens, i), len(h.tokens)-1)
			for ; i < end; i++ {
				h.text(ctx, i)
			}
		case t.Kind != transform.Word:
			return
		case !anyWord && !slices.ContainsFunc(characteristicWords, t.Is):
			return
		}
		// What follows these is a type, a charset or a collation.
		anyWord = t.Is("RETURNS") || t.Is("CHARSET") || t.Is("COLLATE") || t.Is("SET")
	}
}
