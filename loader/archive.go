package loader

import (
	"bytes"
	"slices"

	"github.com/gomove/gomove/transform"
)

// startArchive takes the AUTO_INCREMENT option out of CREATE TABLE for the engine ARCHIVE, which takes no row whose number
// is below it (https://dev.mysql.com/doc/refman/8.4/en/archive-storage-engine.html). The check after the data sets it.
func startArchive(create []byte, m transform.Mode) []byte {
	if !bytes.Contains(bytes.ToUpper(create), []byte("ARCHIVE")) {
		return create
	}
	tokens := transform.Lex(create, m)
	archive, option := false, -1
	words := make([]int, 0, len(tokens))
	for i, t := range tokens {
		if t.Significant() {
			words = append(words, i)
		}
	}
	depth := 0
	for k, i := range words {
		switch t := tokens[i]; {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth > 0 || k+2 >= len(words) || !tokens[words[k+1]].Is("="):
		case t.Is("ENGINE"):
			archive = tokens[words[k+2]].Is("ARCHIVE")
		case t.Is("AUTO_INCREMENT"):
			option = k
		}
	}
	if !archive || option < 0 {
		return create
	}
	return transform.Join(slices.Delete(tokens, words[option], words[option+2]+1))
}
