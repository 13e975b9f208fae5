package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// Inspection is a column whose values are looked at while they are written.
type Inspection struct {
	At      int    // in the row; -1 for a generated column
	Column  string // its name, quoted
	Charset string // of text that is converted to UTF-8
	Same    string // expression that is 1 when the value can be had again from the dump
	Back    int    // where that stands in the select list
	Unit    int    // bytes of the shortest character of a wide charset; else 0
}

// inspectColumn notes the columns that can hold what a file cannot: JSON, and text that is converted.
func (p *ReadPlan) inspectColumn(c Column, at int, converted bool) {
	name := mysql.QuoteName(c.Name)
	switch {
	case c.DataType == "json":
		p.Inspected = append(p.Inspected, Inspection{At: at, Column: name})
	case c.DataType == "enum" || c.DataType == "set":
	case !converted && len(charIn('0', c.Charset)) > 1:
		p.Inspected = append(p.Inspected, Inspection{At: at, Column: name, Unit: len(charIn('0', c.Charset))})
	case converted:
		p.inspectConverted(c, at, CharsetUTF8)
	}
}

// inspectConverted notes text that is read in another charset, which may lack some of its characters.
func (p *ReadPlan) inspectConverted(c Column, at int, into string) {
	name := mysql.QuoteName(c.Name)
	p.Inspected = append(p.Inspected, Inspection{At: at, Column: name, Charset: c.Charset,
		Same: fmt.Sprintf("CAST(CONVERT(CONVERT(%s USING %s) USING %s) AS BINARY)<=>CAST(%s AS BINARY)", name, into, c.Charset, name)})
}

// inspectGenerated notes a stored generated column whose expression depends on the session's time zone. The load has it
// computed anew, in UTC, as this session computes it beside what is stored.
func (p *ReadPlan) inspectGenerated(c Column, columns []Column) {
	if c.Stored == "" || !dependsOnZone(c.Stored, columns) {
		return
	}
	if !isASCII(c.Stored) {
		p.Unknown = append(p.Unknown, fmt.Sprintf("stored generated column %s depends on the session's time zone: the load computes it in UTC", c.Name))
		return
	}
	name := mysql.QuoteName(c.Name)
	p.Inspected = append(p.Inspected, Inspection{At: -1, Column: name, Same: name + "<=>(" + c.Stored + ")"})
}

// dependsOnZone reports an expression with a TIMESTAMP column in it, or with one of the functions that use the zone.
func dependsOnZone(expr string, columns []Column) bool {
	lower := strings.ToLower(expr)
	if strings.Contains(lower, "from_unixtime(") || strings.Contains(lower, "unix_timestamp(") {
		return true
	}
	return slices.ContainsFunc(columns, func(c Column) bool {
		return c.DataType == "timestamp" && strings.Contains(expr, mysql.QuoteName(c.Name))
	})
}

// addInspections puts what is needed for them behind the columns of the select list.
func (p *ReadPlan) addInspections() {
	for i := range p.Inspected {
		if c := &p.Inspected[i]; c.Same != "" {
			c.Back = p.addExpr(c.Same, mysql.ColumnFix{})
		}
	}
}
