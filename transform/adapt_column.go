package transform

import (
	"strconv"
	"strings"
)

// columnText is a column definition. flat lists its significant tokens after the type, a group in parentheses by its "(".
type columnText struct {
	item      *tableItem
	name      string
	typ       string // lower case
	typeAt    int
	typeEnd   int // index after the type and its length
	length    int // the number after the type, -1 when there is none
	flat      []int
	charset   string // its own, "" for the table's
	generated int    // index of its expression's "(", -1 for plain columns
	autoInc   bool
}

// parseColumn reads a column definition.
func (a *adapter) parseColumn(it *tableItem) *columnText {
	c := &columnText{item: it, name: it.name, length: -1, generated: -1}
	c.typeAt = Skip(a.tokens, it.start+1)
	if c.typeAt >= it.end {
		return nil
	}
	c.typ = strings.ToLower(string(a.tokens[c.typeAt].Text))
	c.typeEnd = c.typeAt + 1
	if p := Skip(a.tokens, c.typeEnd); p < it.end && a.tokens[p].Is("(") {
		c.typeEnd = Closing(a.tokens, p) + 1
		if n, err := strconv.Atoi(string(a.tokens[Skip(a.tokens, p+1)].Text)); err == nil {
			c.length = n
		}
	}
	for i := Skip(a.tokens, c.typeEnd); i < it.end; i = Skip(a.tokens, i+1) {
		c.flat = append(c.flat, i)
		if a.tokens[i].Is("(") {
			i = Closing(a.tokens, i)
		}
	}
	for f := range c.flat {
		switch {
		case c.has(a, f, "AS", "("):
			c.generated = c.flat[f+1]
		case c.has(a, f, "AUTO_INCREMENT"):
			c.autoInc = true
		case c.has(a, f, "CHARACTER", "SET") && f+2 < len(c.flat):
			c.charset = charsetName(a.tokens[c.flat[f+2]].Unquote(a.mode))
		}
	}
	return c
}

// has reports whether the words stand at flat[f].
func (c *columnText) has(a *adapter, f int, words ...string) bool {
	if f+len(words) > len(c.flat) {
		return false
	}
	for k, w := range words {
		if !a.tokens[c.flat[f+k]].Is(w) {
			return false
		}
	}
	return true
}

// find is the place of the words in flat, -1 when they are not there.
func (c *columnText) find(a *adapter, words ...string) int {
	for f := range c.flat {
		if c.has(a, f, words...) {
			return f
		}
	}
	return -1
}

// cut leaves out n entries of flat from f on.
func (c *columnText) cut(a *adapter, f, n int) {
	n = min(n, len(c.flat)-f)
	last := c.flat[f+n-1]
	end := last + 1
	if a.tokens[last].Is("(") {
		end = Closing(a.tokens, last) + 1
	}
	a.drop(c.flat[f], end)
	c.flat = append(c.flat[:f:f], c.flat[f+n:]...)
}

func (c *columnText) place() string { return " column " + quoteName(c.name) }

// isText reports whether the type's literal defaults need parentheses on MySQL.
func (c *columnText) isText() bool {
	switch c.typ {
	case "tinytext", "text", "mediumtext", "longtext", "tinyblob", "blob", "mediumblob", "longblob", "json":
		return true
	}
	return c.isGeometry()
}

func (c *columnText) isGeometry() bool {
	switch c.typ {
	case "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
		"geometrycollection", "geomcollection":
		return true
	}
	return false
}

// adaptColumn applies every rule for columns.
func (a *adapter) adaptColumn(t *tableText, it *tableItem) {
	c := a.parseColumn(it)
	if c == nil {
		return
	}
	t.columns[strings.ToLower(c.name)] = c
	if a.adaptRowTimes(c); it.dropped {
		return
	}
	a.adaptType(c)
	a.adaptStorage(c)
	a.adaptSRID(c)
	a.adaptColumnCheck(c)
	a.adaptGenerated(c)
	a.adaptDefault(c)
	a.adaptInvisible(c)
	a.adaptTimestamp(c)
}

// adaptType changes or refuses types that the target lacks.
func (a *adapter) adaptType(c *columnText) {
	lacks := func(missing bool) {
		if missing {
			a.refuse(c.place(), "type %s does not exist on the target", c.typ)
		}
	}
	switch c.typ {
	case "uuid":
		lacks(a.to.mariadbBefore(100700))
	case "inet6":
		lacks(a.to.mariadbBefore(100500))
	case "inet4":
		lacks(a.to.mariadbBefore(101000))
	case "xmltype":
		lacks(a.to.mariadbBefore(120100))
	case "vector":
		lacks(a.to.before(90000, 110701))
	case "json":
		lacks(a.to.before(50708, 100207))
		if a.to.isMariaDB() && !a.from.isMariaDB() {
			a.note(c.place(), "type json is longtext with CHECK (json_valid) on the target: its text is kept as it is written")
		}
	case "geomcollection":
		if a.to.mysqlBefore(80000) {
			a.replace(c.typeAt, "geometrycollection")
			a.note(c.place(), "type geomcollection is spelled geometrycollection")
		}
	case "year":
		if c.length == 2 && !a.to.isMariaDB() {
			a.drop(c.typeAt+1, c.typeEnd)
			a.note(c.place(), "type year(2) becomes year, which shows all four digits")
		}
	}
	if c.autoInc && !a.to.mysqlBefore(80400) && (c.typ == "float" || c.typ == "double" || c.typ == "real") {
		a.refuse(c.place(), "AUTO_INCREMENT on %s does not exist on the target: make it BIGINT", c.typ)
	}
}

// adaptStorage leaves out attributes of storage that the target's parser refuses.
func (a *adapter) adaptStorage(c *columnText) {
	gone := func(f, n int, what string) {
		c.cut(a, f, n)
		a.note(c.place(), "%s left out", what)
	}
	for f := 0; f < len(c.flat); f++ {
		switch {
		case c.has(a, f, "STORAGE") && a.to.isMariaDB():
			gone(f, 2, "STORAGE")
		case c.has(a, f, "COLUMN_FORMAT", "COMPRESSED") && a.to.Flavor != "percona":
			gone(f, 2, "COLUMN_FORMAT COMPRESSED")
		case c.has(a, f, "COLUMN_FORMAT") && a.to.isMariaDB():
			gone(f, 2, "COLUMN_FORMAT")
		case c.has(a, f, "COMPRESSED", "=") && a.to.mariadbBefore(100301):
			gone(f, 3, "COMPRESSED")
		case c.has(a, f, "COMPRESSED") && a.to.mariadbBefore(100301):
			gone(f, 1, "COMPRESSED")
		case c.has(a, f, "ENGINE_ATTRIBUTE") && a.to.mysqlBefore(80021), c.has(a, f, "SECONDARY_ENGINE_ATTRIBUTE") && a.to.mysqlBefore(80021):
			gone(f, 3, "ENGINE_ATTRIBUTE")
		case c.has(a, f, "NOT", "SECONDARY") && a.to.mysqlBefore(80013):
			gone(f, 2, "NOT SECONDARY")
		case (c.has(a, f, "WITHOUT", "SYSTEM", "VERSIONING") || c.has(a, f, "WITH", "SYSTEM", "VERSIONING")) && a.to.lacksVersioning():
			gone(f, 3, "SYSTEM VERSIONING")
		case a.tokens[c.flat[f]].Kind == QuotedName && c.has(a, f+1, "=") && !a.to.isMariaDB():
			gone(f, 3, "option "+string(a.tokens[c.flat[f]].Text))
		default:
			continue
		}
		f--
	}
}

// adaptSRID writes MySQL's SRID as the target can.
func (a *adapter) adaptSRID(c *columnText) {
	if f := c.find(a, "REF_SYSTEM_ID"); f >= 0 && !a.to.isMariaDB() {
		c.cut(a, f, 3)
		a.note(c.place(), "REF_SYSTEM_ID left out")
	}
	f := c.find(a, "SRID")
	if f < 0 || f+1 >= len(c.flat) || !a.to.mysqlBefore(80003) {
		return
	}
	id := string(a.tokens[c.flat[f+1]].Text)
	c.cut(a, f, 2)
	if a.to.mariadbBefore(100102) {
		a.note(c.place(), "SRID %s left out: the target takes geometries of any SRID", id)
		return
	}
	a.insertAfter(c.typeEnd-1, " REF_SYSTEM_ID="+id)
	a.note(c.place(), "SRID %s becomes REF_SYSTEM_ID, which the target does not enforce", id)
}

// adaptInvisible keeps a column invisible where the target can.
func (a *adapter) adaptInvisible(c *columnText) {
	f := c.find(a, "INVISIBLE")
	if f < 0 {
		if f = c.find(a, "VISIBLE"); f >= 0 && a.to.mysqlBefore(80023) {
			c.cut(a, f, 1)
		}
		return
	}
	if a.to.lacksInvisibleColumn() {
		c.cut(a, f, 1)
		a.note(c.place(), "becomes visible: SELECT * shows it and INSERT without a column list has to give it")
		return
	}
	if a.to.isMariaDB() && c.find(a, "NOT", "NULL") >= 0 && c.find(a, "DEFAULT") < 0 && !c.autoInc && c.generated < 0 {
		c.cut(a, f, 1)
		a.note(c.place(), "becomes visible: the target wants a default value for an INVISIBLE NOT NULL column")
	}
}

// zeroDefault is what older servers give a TIMESTAMP NOT NULL that is not the first.
const zeroDefault = " DEFAULT '0000-00-00 00:00:00'"

// adaptTimestamp writes out what a server without explicit_defaults_for_timestamp would fill in otherwise.
func (a *adapter) adaptTimestamp(c *columnText) {
	if c.typ != "timestamp" || c.generated >= 0 {
		return
	}
	notNull := c.find(a, "NOT", "NULL")
	hasDefault := c.find(a, "DEFAULT") >= 0
	end := c.typeEnd - 1
	switch {
	case notNull >= 0 && !hasDefault && !a.to.ExplicitTimestamp:
		a.insertAfter(c.flat[notNull+1], zeroDefault)
		a.note(c.place(), "gets%s: without explicit_defaults_for_timestamp the target would give "+
			"it DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP", zeroDefault)
	case notNull >= 0 && !hasDefault && a.crossKind() && a.to.isMariaDB() && c.find(a, "ON", "UPDATE") >= 0:
		a.insertAfter(c.flat[notNull+1], zeroDefault)
		a.note(c.place(), "gets%s, which the target fills in beside ON UPDATE", zeroDefault)
	case notNull < 0 && !a.to.ExplicitTimestamp && !c.isNullable(a):
		text := " NULL"
		if !hasDefault {
			text += " DEFAULT NULL"
		}
		a.insertAfter(end, text)
		a.note(c.place(), "gets NULL, which the target would not fill in without explicit_defaults_for_timestamp")
	}
}

// isNullable reports whether NULL stands in the column as an attribute, not as its default.
func (c *columnText) isNullable(a *adapter) bool {
	for f := range c.flat {
		if c.has(a, f, "NULL") && (f == 0 || !c.has(a, f-1, "NOT") && !c.has(a, f-1, "DEFAULT")) {
			return true
		}
	}
	return false
}
