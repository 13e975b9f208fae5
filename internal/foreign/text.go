package foreign

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/dump"
)

// AddText adds a statement to an object, as a file of its own that is named by the place where it stands. before sets what it was
// written under, as transform.Environment.SQL gives it.
func AddText(o *dump.FedObject, name string, line int, before string, stmt []byte) {
	delimiter := delimiterFor(stmt)
	text := "DELIMITER " + delimiter + "\n" + strings.ReplaceAll(before, ";", delimiter) + string(stmt) + "\n" + delimiter + "\n"
	file := dump.FileAt(name, line)
	if i := slices.Index(o.Files, file); i >= 0 {
		o.Texts[i] = append(o.Texts[i], text...)
		return
	}
	o.Files, o.Texts = append(o.Files, file), append(o.Texts, []byte(text))
}

// delimiterFor is a delimiter that does not stand in a statement.
func delimiterFor(stmt []byte) string {
	for _, d := range []string{";;", "//", "$$", "@@@@", "####", "~~~~"} {
		if !bytes.Contains(stmt, []byte(d)) {
			return d
		}
	}
	d := ";;"
	for bytes.Contains(stmt, []byte(d)) {
		d += ";"
	}
	return d
}
