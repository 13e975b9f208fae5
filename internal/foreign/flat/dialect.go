// Package flat reads files of rows without statements around them: CSV and TSV of other systems, SELECT INTO OUTFILE, mydumper's
// LOAD DATA files. A file is read as LOAD DATA reads it with the same clauses.
package flat

import (
	"errors"
	"fmt"
	"strings"
)

// Dialect is how cells and rows are told apart, in the words of LOAD DATA.
type Dialect struct {
	Fields   string // FIELDS TERMINATED BY
	Lines    string // LINES TERMINATED BY; empty: \n, or \r\n where the file's first line ends so
	Enclosed string // FIELDS [OPTIONALLY] ENCLOSED BY; one character, or empty for none
	Escaped  string // FIELDS ESCAPED BY; one character, or empty for none
	Null     *string
}

// MySQL is the dialect of format 1's CSV, and of SELECT INTO OUTFILE ... FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"'.
func MySQL() Dialect { return Dialect{Fields: ",", Enclosed: `"`, Escaped: `\`} }

// Validate refuses what cannot be told apart.
func (d Dialect) Validate() error {
	switch {
	case d.Fields == "":
		return errors.New("cells without a terminator between them (fixed widths) are not supported")
	case len(d.Enclosed) > 1 || len(d.Escaped) > 1:
		return errors.New("the characters that enclose and escape are one byte each")
	case d.Enclosed != "" && (strings.HasPrefix(d.Fields, d.Enclosed) || strings.HasPrefix(d.Lines, d.Enclosed)):
		return fmt.Errorf("a terminator begins with %q, which encloses cells", d.Enclosed)
	case d.Escaped != "" && (strings.HasPrefix(d.Fields, d.Escaped) || strings.HasPrefix(d.Lines, d.Escaped)):
		return fmt.Errorf("a terminator begins with %q, which escapes", d.Escaped)
	case d.Lines != "" && (strings.HasPrefix(d.Fields, d.Lines) || strings.HasPrefix(d.Lines, d.Fields)):
		return errors.New("the terminators of cells and rows begin alike")
	}
	return nil
}

// String is the dialect for the id of a dump.
func (d Dialect) String() string {
	null := "none"
	if d.Null != nil {
		null = fmt.Sprintf("%q", *d.Null)
	}
	return fmt.Sprintf("%q %q %q %q %s", d.Fields, d.Lines, d.Enclosed, d.Escaped, null)
}

// Unescape reads the escapes that a shell leaves alone in a terminator: \t, \n, \r, \0, \\ and \xHH.
func Unescape(s string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			out.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 't':
			out.WriteByte('\t')
		case 'n':
			out.WriteByte('\n')
		case 'r':
			out.WriteByte('\r')
		case '0':
			out.WriteByte(0)
		case '\\':
			out.WriteByte('\\')
		case 'x':
			var c byte
			if i+2 >= len(s) {
				return "", fmt.Errorf("%q: \\x needs two hexadecimal digits", s)
			}
			if _, err := fmt.Sscanf(s[i+1:i+3], "%02x", &c); err != nil {
				return "", fmt.Errorf("%q: \\x needs two hexadecimal digits", s)
			}
			out.WriteByte(c)
			i += 2
		default:
			return "", fmt.Errorf("%q: \\%c is not known: use \\t, \\n, \\r, \\0, \\\\ or \\xHH", s, s[i])
		}
	}
	return out.String(), nil
}
