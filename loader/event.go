package loader

import "github.com/gomove/gomove/transform"

// disableEvent changes the state in the header of a CREATE EVENT to DISABLE. The change is made before the event exists,
// so that it never runs on the target. An event that is disabled already stays as it is, and disabled is false.
func disableEvent(stmt []byte, m transform.Mode) (out []byte, disabled bool) {
	tokens := transform.Lex(stmt, m)
	depth, seen := 0, false
	for i, t := range tokens {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth > 0:
		case t.Is("SCHEDULE"):
			seen = true
		case seen && t.Is("DISABLE"):
			return stmt, false
		case seen && t.Is("ENABLE"):
			tokens[i].Text = []byte("DISABLE")
			return transform.Join(tokens), true
		case seen && (t.Is("COMMENT") || t.Is("DO")):
			rest := transform.Join(tokens[i:])
			return append(append(transform.Join(tokens[:i]), "DISABLE "...), rest...), true
		}
	}
	return stmt, false
}
