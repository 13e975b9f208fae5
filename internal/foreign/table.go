package foreign

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// Table is a table as its rows need it. It is used by one goroutine.
type Table struct {
	Schema, Name string
	all          []transform.ColumnDef
	literals     string // charset of string literals
	columns      []rowColumn

	cell     dump.Row // one
	encoding []dump.Encoding
}

// rowColumn is a column that rows have a value of.
type rowColumn struct {
	dump.Column
	class  class
	bits   int    // of BIT
	empty  bool   // '' is a member of the ENUM, or '0' is, which would stand for index 0
	zero   []byte // of an ENUM: the text of index 0, in the column's charset where the file has that
	latin1 bool   // string literals are latin1 and go on as UTF-8
	skip   bool   // it is generated: MariaDB's own tool writes its values too, which no server takes
}

// class is what a value must be looked at for.
type class uint8

const (
	plainClass class = iota // number, date or time
	textClass               // in the column's charset
	bytesClass
	parsedClass // JSON, UUID: UTF-8 that the server parses
	yearClass
	enumClass
	setClass
	bitClass
)

// NewTable reads a CREATE TABLE statement. literals is the charset of the rows' string literals: "binary" where they are the
// columns' own bytes (SET NAMES binary), else what SET NAMES says.
func NewTable(schema, name string, create []byte, m transform.Mode, literals string) (*Table, error) {
	all, err := transform.Columns(create, m)
	if err != nil {
		return nil, err
	}
	t := &Table{Schema: schema, Name: name, all: all, literals: strings.ToLower(literals)}
	t.cell, t.encoding = make(dump.Row, 1), make([]dump.Encoding, 1)
	return t, nil
}

// Choose takes the columns that the rows have, in their order. Without names these are all that SELECT * shows, as INSERT without
// a list of columns has them; left are the others that could have had values.
func (t *Table) Choose(names []string) (left []string, err error) {
	t.columns = t.columns[:0]
	if len(names) == 0 {
		for _, c := range t.all {
			switch {
			case c.Invisible && c.Generated:
			case c.Invisible:
				left = append(left, c.Name)
			default:
				if err := t.add(c); err != nil {
					return nil, err
				}
			}
		}
		return left, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(t.all, func(c transform.ColumnDef) bool { return strings.EqualFold(c.Name, name) })
		switch {
		case i < 0:
			return nil, fmt.Errorf("%w: rows with column %s, which table %s has not", ErrStatement, mysql.QuoteName(name), t)
		case t.has(t.all[i].Name):
			return nil, fmt.Errorf("%w: rows of %s with column %s twice", ErrStatement, t, mysql.QuoteName(name))
		}
		if err := t.add(t.all[i]); err != nil {
			return nil, err
		}
	}
	for _, c := range t.all {
		if !c.Generated && !t.has(c.Name) {
			left = append(left, c.Name)
		}
	}
	return left, nil
}

func (t *Table) has(name string) bool {
	return slices.ContainsFunc(t.columns, func(c rowColumn) bool { return c.Name == name })
}

// Same reports whether these names are the columns that were chosen.
func (t *Table) Same(names []string) bool {
	if len(names) == 0 {
		return !slices.ContainsFunc(t.all, func(c transform.ColumnDef) bool { return c.Invisible == t.has(c.Name) })
	}
	return slices.EqualFunc(names, t.columns, func(a string, b rowColumn) bool { return strings.EqualFold(a, b.Name) })
}

// Columns are those of the rows, as a dump's object has them.
func (t *Table) Columns() []dump.Column {
	cols := make([]dump.Column, 0, len(t.columns))
	for _, c := range t.columns {
		if !c.skip {
			cols = append(cols, c.Column)
		}
	}
	return cols
}

// Timestamps are the places of rows that hold a TIMESTAMP value, which depends on the session's time zone.
func (t *Table) Timestamps() []int {
	var at []int
	for i, c := range t.columns {
		if strings.HasPrefix(c.Type, "timestamp") && !c.skip {
			at = append(at, i)
		}
	}
	return at
}

// HasTimestamp reports whether a column's values depend on the session's time zone.
func (t *Table) HasTimestamp() bool {
	return slices.ContainsFunc(t.all, func(c transform.ColumnDef) bool { return c.DataType == "timestamp" && !c.Generated })
}

// String is the name, quoted.
func (t *Table) String() string { return mysql.QuoteTable(t.Schema, t.Name) }

func (t *Table) add(c transform.ColumnDef) error {
	out := rowColumn{class: classOf(c.DataType), Column: dump.Column{
		Name: c.Name, Type: c.Type, Charset: c.Charset, Collation: c.Collation, Nullable: c.Nullable, Invisible: c.Invisible, Numbered: c.Numbered,
	}}
	if c.Generated {
		out.skip = true
		t.columns = append(t.columns, out)
		return nil
	}
	switch out.class {
	case plainClass, yearClass:
		out.Encoding = dump.Plain
	case parsedClass:
		out.Encoding, out.latin1 = dump.UTF8, t.literals == "latin1"
	case textClass, enumClass, setClass:
		out.Encoding = dump.Bytes
		switch {
		case t.literals == "binary" || c.Charset == "binary" || c.Charset != "" && c.Charset == t.literals:
		case IsUTF8(t.literals) && IsUTF8(c.Charset): // the bytes are the column's own
		case IsUTF8(t.literals):
			out.Encoding = dump.UTF8
		case t.literals == "latin1":
			out.Encoding, out.latin1 = dump.UTF8, true
		default:
			return fmt.Errorf("%w: rows of %s in charset %s, and column %s is not: write them in utf8mb4", ErrStatement, t, t.literals, mysql.QuoteName(c.Name))
		}
	case bytesClass, bitClass:
		out.Encoding = dump.Bytes
	}
	if out.class == bitClass {
		out.bits = 1
		if _, rest, ok := strings.Cut(c.Type, "("); ok {
			out.bits, _ = strconv.Atoi(strings.TrimSuffix(rest, ")"))
		}
	}
	out.zero = []byte{'0'}
	if out.Encoding == dump.Bytes {
		out.zero = transform.ASCIIIn(out.zero, out.Charset)
	}
	out.empty = out.class == enumClass && (hasMember(c.Type, "") || hasMember(c.Type, "0"))
	t.columns = append(t.columns, out)
	return nil
}

// hasMember looks for a member of an ENUM that holds no quote: quotes within others are doubled.
func hasMember(columnType, member string) bool {
	for _, start := range []string{"('", ",'"} {
		for rest := columnType; ; {
			_, after, ok := strings.Cut(rest, start+member+"'")
			if !ok {
				break
			}
			if strings.HasPrefix(after, ",") || strings.HasPrefix(after, ")") {
				return true
			}
			rest = after
		}
	}
	return false
}

// IsUTF8 reports whether text of a charset is UTF-8.
func IsUTF8(charset string) bool {
	switch charset {
	case "utf8mb4", "utf8mb3", "utf8", "ascii":
		return true
	}
	return false
}

// classOf knows the types of MySQL 5.6 to 9.x and MariaDB 10 to 12; what is not known moves as bytes.
func classOf(dataType string) class {
	switch dataType {
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "decimal", "numeric", "float", "double", "real",
		"date", "datetime", "timestamp", "time":
		return plainClass
	case "year":
		return yearClass
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext":
		return textClass
	case "enum":
		return enumClass
	case "set":
		return setClass
	case "json", "uuid", "inet4", "inet6":
		return parsedClass
	case "bit":
		return bitClass
	}
	return bytesClass
}

// AppendRow appends a row as a line of format 1's CSV. A value that cannot be told exactly is an error, never a guess.
func (t *Table) AppendRow(dst []byte, row []Literal) ([]byte, error) {
	if len(row) != len(t.columns) {
		return dst, fmt.Errorf("%w: %d values for %d columns", ErrStatement, len(row), len(t.columns))
	}
	start := len(dst)
	dst = roomFor(dst, row)
	for i := range row {
		c := &t.columns[i]
		if c.skip {
			continue
		}
		cell, err := c.cell(row[i], t.literals)
		if err != nil {
			return dst, fmt.Errorf("column %s: %w", mysql.QuoteName(c.Name), err)
		}
		t.cell[0], t.encoding[0] = cell, c.Encoding
		if c.Encoding == dump.Plain && !isPlain(cell) {
			t.encoding[0] = dump.Bytes // in quotes: the server refuses or takes it as it would in the statement
		}
		dst = dump.AppendCSV(dst, t.cell, t.encoding)
		dst[len(dst)-1] = ','
	}
	if len(dst) == start {
		return append(dst, '\n'), nil
	}
	dst[len(dst)-1] = '\n'
	return dst, nil
}

// roomFor makes room for a huge row at once: as it grows it would be in memory several times.
func roomFor(dst []byte, row []Literal) []byte {
	const huge = 1 << 20
	size := 0
	for _, v := range row {
		size += len(v.Text)
	}
	if size <= huge {
		return dst
	}
	size = 0
	for _, v := range row {
		size += dump.CellSize(v.Text) + 1
	}
	if size > largeBuffer {
		debug.FreeOSMemory() // what the buffer of the file's reader grew out of
	}
	return slices.Grow(dst, size+dump.CellRoom)
}

// isPlain reports whether a number, date or time can stand without quotes.
func isPlain(cell []byte) bool {
	for _, c := range cell {
		if (c < '0' || c > ':') && c != '-' && c != '.' && c != ' ' && c != '+' && c != 'e' && c != 'E' {
			return false
		}
	}
	return cell == nil || len(cell) > 0
}

// cell is a value as it stands in a CSV file; nil is NULL.
func (c *rowColumn) cell(v Literal, literals string) ([]byte, error) {
	if v.Form == Null {
		return nil, nil
	}
	if v.Text == nil {
		v.Text = []byte{}
	}
	if err := c.checkCharset(v, literals); err != nil {
		return nil, err
	}
	if c.latin1 && v.Form == String && v.Charset == "" {
		v.Text = Latin1(v.Text)
	}
	switch c.class {
	case yearClass:
		if v.Form == Number && len(bytes.Trim(v.Text, "0")) == 0 {
			return []byte("0000"), nil // LOAD DATA takes 0 for the text '0', which is 2000
		}
	case enumClass:
		if v.Form == String && len(v.Text) == 0 && !c.empty {
			return c.zero, nil // the value of index 0
		}
	case bitClass:
		return c.bitCell(v)
	case plainClass, textClass, bytesClass, parsedClass, setClass:
	}
	switch {
	case v.Form == Number && (c.class == enumClass || c.class == setClass || c.class == bytesClass),
		v.Form == Number && c.class == textClass && !isInteger(v.Text),
		v.Form == Binary && (c.class == plainClass || c.class == yearClass):
		return nil, fmt.Errorf("%w: %.40q for a column of type %s", ErrStatement, v.Text, c.Type)
	}
	return v.Text, nil
}

// checkCharset refuses text in another charset than the column's values are written in.
func (c *rowColumn) checkCharset(v Literal, literals string) error {
	if v.Form != String && v.Form != Binary {
		return nil
	}
	ok := true
	switch charset := v.Charset; {
	case c.class == parsedClass:
		ok = charset == "" && (literals == "binary" || IsUTF8(literals) || c.latin1) || IsUTF8(charset)
	case c.class == bytesClass || c.class == bitClass || charset == "":
		ok = charset == "" || charset == "binary"
	case c.Encoding == dump.UTF8:
		ok = IsUTF8(charset)
	case c.Encoding == dump.Bytes:
		ok = charset == "binary" || charset == c.Charset || IsUTF8(charset) && IsUTF8(c.Charset)
	}
	if !ok {
		return fmt.Errorf("%w: a text in %s for a column of type %s", ErrStatement, v.Charset, c.Type)
	}
	return nil
}

// bitCell gives the bytes of a BIT value.
func (c *rowColumn) bitCell(v Literal) ([]byte, error) {
	if v.Form != Number {
		return v.Text, nil
	}
	n, err := strconv.ParseUint(string(v.Text), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%w: %.40q for a column of type %s", ErrStatement, v.Text, c.Type)
	}
	b := binary.BigEndian.AppendUint64(nil, n)
	size := min((c.bits+7)/8, 8)
	if len(bytes.TrimLeft(b[:8-size], "\x00")) > 0 {
		return nil, fmt.Errorf("%w: %.40q for a column of type %s", ErrStatement, v.Text, c.Type)
	}
	return b[8-size:], nil
}

// isInteger reports a number whose text a server would write as it is.
func isInteger(b []byte) bool {
	if len(b) > 1 && b[0] == '-' {
		b = b[1:]
	}
	return len(b) > 0 && (b[0] != '0' || len(b) == 1) && len(bytes.Trim(b, "0123456789")) == 0
}
