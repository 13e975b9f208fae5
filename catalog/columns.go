package catalog

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// The charsets that text is read in, as --charset has them.
const (
	CharsetSource = "source" // its column's own
	CharsetUTF8   = "utf8mb4"
)

// ReadPlan is how the rows of one table are selected and what is done to them before they are written.
type ReadPlan struct {
	Columns   []dump.Column     // in file order
	Exprs     []string          // the select list: the columns, then what only the reader needs
	Fixes     []mysql.ColumnFix // of the select list
	enums     []enumColumn
	sets      []setColumn
	masks     []maskedColumn
	Inspected []Inspection
	KeyAt     []int // where the parts of the key stand in the select list
	Unknown   []string
}

// valueClass is what a data type asks of reader and file.
type valueClass int

const (
	plainValue  valueClass = iota + 1
	floatValue             // the server's text has six digits: read as DOUBLE
	textValue              // in the column's charset
	bytesValue             // without a charset
	asTextValue            // JSON and MariaDB's UUID, INET4, INET6: UTF-8 that the target has to parse
)

// valueClasses knows the types of MySQL 5.6 to 9.x and MariaDB 10 to 12, by DATA_TYPE.
func classOf(dataType string) valueClass {
	switch dataType {
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "decimal", "numeric", "double", "real",
		"date", "datetime", "timestamp", "time", "year":
		return plainValue
	case "float":
		return floatValue
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set":
		return textValue
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit", "vector",
		"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection":
		return bytesValue
	case "json", "uuid", "inet4", "inet6":
		return asTextValue
	}
	return 0
}

// NewReadPlan decides how each column is read. charset is --charset.
func NewReadPlan(columns []Column, key *chunker.Key, charset string) *ReadPlan {
	p := &ReadPlan{}
	at := map[string]int{}
	into := ""
	if charset == CharsetUTF8 {
		into = CharsetUTF8
	}
	for _, c := range columns {
		if c.Generated {
			p.inspectGenerated(c, columns)
			continue
		}
		at[c.Name] = len(p.Columns)
		if c.Mask != nil {
			p.addMasked(c, into)
			continue
		}
		p.inspectColumn(c, len(p.Columns), p.addColumn(c, into))
	}
	p.finish()
	if key == nil {
		return p
	}
	for i, part := range key.Parts {
		expr := key.KeyExpr(i)
		j, ok := at[part.Column]
		if !ok || p.Exprs[j] != expr {
			j = p.addExpr(expr, mysql.ColumnFix{})
		}
		p.KeyAt = append(p.KeyAt, j)
	}
	return p
}

// NewPlanAs reads columns for a comparison, the text of each in the charset of the same place, its own where that is empty. What
// does not come back from that charset as it was has an Inspection whose Same is not 1.
func NewPlanAs(columns []Column, charsets []string) *ReadPlan {
	p := &ReadPlan{}
	for i, c := range columns {
		if at := len(p.Columns); p.addColumn(c, charsets[i]) {
			p.inspectConverted(c, at, charsets[i])
		}
	}
	for i := range p.enums {
		if e := &p.enums[i]; e.hasZero { // no file is written that could not tell them apart
			e.hasZero, e.zero = false, []byte("\x00index 0")
		}
	}
	p.finish()
	return p
}

// finish puts behind the columns what only the reader needs.
func (p *ReadPlan) finish() {
	for i := range p.enums {
		e := &p.enums[i]
		if e.index == 0 {
			e.index = p.addExpr(e.nameText+"+0", mysql.ColumnFix{})
		}
	}
	for i := range p.sets {
		p.sets[i].holds = p.addExpr(p.sets[i].bit, mysql.ColumnFix{})
	}
	p.addInspections()
}

func (p *ReadPlan) addExpr(expr string, fix mysql.ColumnFix) int {
	p.Exprs = append(p.Exprs, expr)
	p.Fixes = append(p.Fixes, fix)
	return len(p.Exprs) - 1
}

// addColumn reads a column, its text in the charset into unless that is empty, and reports whether the server converts it.
func (p *ReadPlan) addColumn(c Column, into string) (converted bool) {
	name := mysql.QuoteName(c.Name)
	out := dump.Column{
		Name: c.Name, Type: c.ColumnType, Charset: c.Charset, Collation: c.Collation, Nullable: c.Nullable, Invisible: c.Invisible, Numbered: c.Numbered,
	}
	expr := name
	switch classOf(c.DataType) {
	case plainValue:
		out.Encoding = dump.Plain
		if c.DataType == "double" && (strings.ContainsRune(c.ColumnType, '(') || strings.Contains(c.ColumnType, "zerofill")) {
			expr = asDouble(name)
		}
	case floatValue:
		out.Encoding = dump.Plain
		expr = asDouble(name)
	case asTextValue:
		out.Encoding = dump.UTF8
	case textValue:
		out.Encoding = dump.Bytes
		if into != "" && c.Charset != "" && c.Charset != "binary" {
			if into == CharsetUTF8 {
				out.Encoding = dump.UTF8
			}
			if converted = into != c.Charset && !(isUTF8(c.Charset) && isUTF8(into)); converted {
				expr = "CONVERT(" + name + " USING " + into + ")"
			}
		}
	case bytesValue:
		out.Encoding = dump.Bytes
	default:
		out.Encoding = dump.Bytes
		p.Unknown = append(p.Unknown, fmt.Sprintf("column %s has type %s, which is not known to this gomove: its bytes are dumped as they are", c.Name, c.ColumnType))
	}
	if c.DataType == "enum" {
		p.enums = append(p.enums, newEnumColumn(len(p.Columns), name, c, cmp.Or(into, c.Charset)))
	}
	if c.DataType == "set" {
		p.sets = appendSetColumn(p.sets, len(p.Columns), name, c, cmp.Or(into, c.Charset))
	}
	if expr != name {
		out.Expr = expr
	}
	p.Columns = append(p.Columns, out)
	p.addExpr(expr, fixOf(c, expr == name))
	return converted
}

// asDouble reads a FLOAT, or a DOUBLE(M,D), with all its digits, and one of ZEROFILL without those that only some servers add. A product, since -0 + 0e0 is 0 on MySQL.
func asDouble(name string) string { return name + "*1e0" }

// fixOf is what the driver's numbers lack: YEAR 0000 and ZEROFILL.
func fixOf(c Column, bare bool) mysql.ColumnFix {
	if !bare {
		return mysql.ColumnFix{}
	}
	if c.DataType == "year" {
		width := 4
		if c.ColumnType == "year(2)" {
			width = 2
		}
		return mysql.ColumnFix{Width: width}
	}
	if strings.HasSuffix(c.DataType, "int") && strings.Contains(c.ColumnType, "zerofill") {
		return mysql.ColumnFix{Width: displayWidth(c.ColumnType)}
	}
	return mysql.ColumnFix{}
}

// displayWidth is 10 of "int(10) unsigned zerofill", 0 when there is none.
func displayWidth(columnType string) int {
	_, rest, _ := strings.Cut(columnType, "(")
	digits, _, _ := strings.Cut(rest, ")")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

func isUTF8(charset string) bool {
	switch charset {
	case "utf8mb4", "utf8mb3", "utf8", "ascii":
		return true
	}
	return false
}

// Key copies the key of a row, which the next row would overwrite.
func (p *ReadPlan) Key(cells [][]byte) chunker.Tuple {
	t := make(chunker.Tuple, len(p.KeyAt))
	for i, at := range p.KeyAt {
		t[i] = append([]byte{}, cells[at]...)
	}
	return t
}
