package transform

import (
	"strconv"
	"strings"
)

// indexPart is one part of an index.
type indexPart struct {
	start, end int    // its tokens
	column     string // "" for an expression
	prefix     int    // index of the number in column(10), -1 when there is none
	noOverlap  bool   // WITHOUT OVERLAPS
	desc       int    // index of DESC, -1 when there is none
}

// indexParts reads the parts of an index item and the index of their closing parenthesis.
func (a *adapter) indexParts(it *tableItem) (parts []indexPart, open, closing int) {
	open = it.keyword
	for open < it.end && !a.tokens[open].Is("(") {
		open++
	}
	closing = Closing(a.tokens, open)
	if closing >= it.end {
		return nil, open, closing
	}
	for _, p := range a.splitItems(open, closing) {
		part := indexPart{start: p.start, end: p.end, prefix: -1, desc: -1}
		if !a.tokens[p.start].Is("(") {
			part.column = a.tokens[p.start].Unquote(a.mode)
		}
		for i := p.start + 1; i < p.end; i++ {
			switch {
			case a.tokens[i].Is("("):
				if part.column != "" {
					part.prefix = Skip(a.tokens, i+1)
				}
				i = Closing(a.tokens, i)
			case a.tokens[i].Is("DESC"):
				part.desc = i
			case a.tokens[i].Is("OVERLAPS"):
				part.noOverlap = true
			}
		}
		parts = append(parts, part)
	}
	return parts, open, closing
}

// adaptIndex applies every rule for indexes.
func (a *adapter) adaptIndex(t *tableText, it *tableItem) {
	parts, open, closing := a.indexParts(it)
	if len(parts) == 0 {
		return
	}
	where := a.where(it.keyword)
	if a.giveUpIndex(t, it, parts, where) {
		it.dropped = true
		return
	}
	for _, p := range parts {
		if p.desc >= 0 && a.to.lacksDescendingIndex() {
			a.drop(p.desc, p.desc+1)
			a.note(where, "DESC left out: the target keeps indexes in ascending order")
		}
	}
	a.adaptIndexOptions(it, open, closing, where)
	if it.kind == primaryItem && a.to.isMariaDB() {
		for _, p := range parts {
			if c := t.columns[strings.ToLower(p.column)]; c != nil && c.generated >= 0 {
				a.refuse(where, "column %s is generated: the target has no primary key on such a column", quoteName(p.column))
			}
		}
	}
	a.adaptKeyLength(t, it, parts, where)
}

// giveUpIndex reports whether the target cannot have the index. A unique one is refused, as it is a constraint.
func (a *adapter) giveUpIndex(t *tableText, it *tableItem, parts []indexPart, where string) bool {
	why := ""
	for _, p := range parts {
		c := t.columns[strings.ToLower(p.column)]
		switch {
		case p.column == "" && a.to.mysqlBefore(80013):
			why = "the target has no indexes on expressions"
		case p.column == "" && a.to.mysqlBefore(80017) && a.isMultiValued(p):
			why = "the target has no multi-valued indexes"
		case p.noOverlap && a.to.mariadbBefore(100503):
			why = "the target has no WITHOUT OVERLAPS"
		case c != nil && c.item.dropped:
			why = "column " + quoteName(p.column) + " is left out"
		case c != nil && c.isGeometry() && it.kind != spatialItem && p.prefix >= 0 && !a.to.mysqlBefore(80000):
			why = "the target has no index on the first bytes of a geometry"
		case c != nil && p.prefix < 0 && it.kind == uniqueItem && !a.to.isMariaDB() && a.isLongUnique(t, c, parts):
			why = "the target has no unique index on " + c.typ + " as long as this: the uniqueness of " + quoteName(p.column) + " cannot be kept"
		}
	}
	switch {
	case it.kind == spatialItem && a.to.before(50705, 100202) && t.engine == "innodb":
		why = "InnoDB has no SPATIAL index on the target"
	case it.kind == vectorItem && a.to.mariadbBefore(110701):
		why = "the target has no VECTOR index"
	}
	if why == "" {
		return false
	}
	if it.kind == uniqueItem || it.kind == primaryItem {
		a.refuse(where, "%s", why)
	} else {
		a.note(where, "left out: %s", why)
	}
	return true
}

func (a *adapter) isMultiValued(p indexPart) bool {
	for i := p.start; i < p.end; i++ {
		if a.tokens[i].Is("ARRAY") {
			return true
		}
	}
	return false
}

// isLongUnique reports whether MariaDB keeps a unique index by a hash because it is too long for a tree.
func (a *adapter) isLongUnique(t *tableText, c *columnText, parts []indexPart) bool {
	if c.isText() {
		return true
	}
	total := 0
	for _, p := range parts {
		total += a.partBytes(t, p)
	}
	return total > 3072
}

// adaptIndexOptions rewrites what stands after the parts and before them.
func (a *adapter) adaptIndexOptions(it *tableItem, open, closing int, where string) {
	for i := Skip(a.tokens, closing+1); i < it.end; i = Skip(a.tokens, i+1) {
		next := Skip(a.tokens, i+1)
		switch t := a.tokens[i]; {
		case t.Is("INVISIBLE") || t.Is("IGNORED"):
			a.adaptInvisibleIndex(i, where)
		case (t.Is("VISIBLE") || t.Is("NOT") && a.tokens[next].Is("IGNORED")) && a.crossKind():
			a.drop(i, next)
		case t.Is("WITH") && a.tokens[next].Is("PARSER"):
			parser := Skip(a.tokens, next+1)
			if a.crossKind() || a.to.Number < a.from.Number {
				a.note(where, "WITH PARSER %s left out: the target splits words in its own way", a.tokens[parser].Unquote(a.mode))
				a.drop(i, parser+1)
			}
			i = parser
		case t.Is("COMMENT"):
			i = next
		case t.Is("ENGINE_ATTRIBUTE") && a.to.mysqlBefore(80021), t.Is("SECONDARY_ENGINE_ATTRIBUTE") && a.to.mysqlBefore(80021),
			t.Is("CLUSTERING") && !a.to.isMariaDB(), t.Kind == QuotedName && a.tokens[next].Is("=") && !a.to.isMariaDB():
			value := Skip(a.tokens, next+1)
			a.note(where, "option %s left out", a.text(i, min(value, it.end-1)))
			a.drop(i, min(value+1, it.end))
			i = value
		}
	}
}

// adaptInvisibleIndex writes INVISIBLE as MariaDB's IGNORED and back.
func (a *adapter) adaptInvisibleIndex(i int, where string) {
	want := "INVISIBLE"
	if a.to.isMariaDB() {
		want = "IGNORED"
	}
	switch {
	case a.to.lacksInvisibleIndex():
		a.drop(i, i+1)
		a.note(where, "%s left out: the optimizer of the target may use the index", want)
	case !a.tokens[i].Is(want):
		a.replace(i, want)
		a.note(where, "is %s, as the target calls it", want)
	}
}

// bytesPerChar are the character sets whose characters are longer than a byte.
var bytesPerChar = map[string]int{
	"utf8mb4": 4, "utf8mb3": 3, "utf16": 4, "utf16le": 4, "utf32": 4, "gb18030": 4, "ujis": 3, "eucjpms": 3, "ucs2": 2, "gbk": 2,
	"big5": 2, "sjis": 2, "cp932": 2, "euckr": 2, "gb2312": 2,
}

// partBytes is how long an index part can get, 0 for types that are short.
func (a *adapter) partBytes(t *tableText, p indexPart) int {
	c := t.columns[strings.ToLower(p.column)]
	if c == nil {
		return 0
	}
	length := c.length
	if p.prefix >= 0 {
		length, _ = strconv.Atoi(string(a.tokens[p.prefix].Text))
	}
	return length * a.charBytes(t, c)
}

// charBytes is how long a character of a column is at most, 0 when it holds no strings.
func (a *adapter) charBytes(t *tableText, c *columnText) int {
	switch c.typ {
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return 1
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext":
	default:
		return 0
	}
	charset := c.charset
	if charset == "" {
		charset = t.charset
	}
	return max(bytesPerChar[charset], 1)
}

// adaptKeyLength keeps parts of InnoDB indexes within the 767 bytes of older servers: unique ones are refused, others cut.
func (a *adapter) adaptKeyLength(t *tableText, it *tableItem, parts []indexPart, where string) {
	if t.engine != "innodb" || !a.to.limitsIndexTo767() || it.kind == fulltextItem || it.kind == spatialItem {
		return
	}
	for _, p := range parts {
		size := a.partBytes(t, p)
		if size <= 767 {
			continue
		}
		if a.to.LargePrefix {
			a.useDynamic(t)
			return
		}
		if it.kind != indexItem {
			a.refuse(where, "column %s takes %d bytes in it, the target allows 767: set innodb_large_prefix=ON and "+
				"innodb_file_format=Barracuda there (ROW_FORMAT=DYNAMIC is added then), or shorten the column", quoteName(p.column), size)
			continue
		}
		length := 767 / a.charBytes(t, t.columns[strings.ToLower(p.column)])
		if p.prefix >= 0 {
			a.replace(p.prefix, strconv.Itoa(length))
		} else {
			a.insertAfter(p.start, "("+strconv.Itoa(length)+")")
		}
		a.note(where, "holds the first %d characters of column %s: the target allows 767 bytes", length, quoteName(p.column))
	}
}

// useDynamic sets the row format in which an older InnoDB takes indexes of up to 3072 bytes.
func (a *adapter) useDynamic(t *tableText) {
	if o, ok := t.option("ROW_FORMAT"); ok {
		if f := a.tokens[o.value]; f.Is("DYNAMIC") || f.Is("COMPRESSED") {
			return
		}
		a.replace(o.value, "DYNAMIC")
	} else if o, ok := t.option("ENGINE"); ok && !t.dynamic {
		a.insertAfter(o.end-1, " ROW_FORMAT=DYNAMIC")
	}
	t.dynamic = true
	a.note("", "gets ROW_FORMAT=DYNAMIC, as an index is longer than 767 bytes")
}
