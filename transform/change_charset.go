package transform

import "strings"

// textRules are a character set and a collation of it.
type textRules struct{ charset, collation string }

// defaultCollations are those of the character sets in which all servers agree.
var defaultCollations = map[string]string{
	"armscii8": "armscii8_general_ci", "ascii": "ascii_general_ci", "big5": "big5_chinese_ci", "cp1250": "cp1250_general_ci", "cp1251": "cp1251_general_ci",
	"cp1256": "cp1256_general_ci", "cp1257": "cp1257_general_ci", "cp850": "cp850_general_ci", "cp852": "cp852_general_ci", "cp866": "cp866_general_ci",
	"cp932": "cp932_japanese_ci", "dec8": "dec8_swedish_ci", "eucjpms": "eucjpms_japanese_ci", "euckr": "euckr_korean_ci", "gb18030": "gb18030_chinese_ci",
	"gb2312": "gb2312_chinese_ci", "gbk": "gbk_chinese_ci", "geostd8": "geostd8_general_ci", "greek": "greek_general_ci", "hebrew": "hebrew_general_ci",
	"hp8": "hp8_english_ci", "keybcs2": "keybcs2_general_ci", "koi8r": "koi8r_general_ci", "koi8u": "koi8u_general_ci", "latin1": "latin1_swedish_ci",
	"latin2": "latin2_general_ci", "latin5": "latin5_turkish_ci", "latin7": "latin7_general_ci", "macce": "macce_general_ci", "macroman": "macroman_general_ci",
	"sjis": "sjis_japanese_ci", "swe7": "swe7_swedish_ci", "tis620": "tis620_thai_ci", "ujis": "ujis_japanese_ci", "utf16le": "utf16le_general_ci",
}

// rules completes what a clause names: each of the two follows from the other.
func (c *changer) rules(charset, collation string) textRules {
	if charset == "" && collation != "" {
		charset, _, _ = strings.Cut(collation, "_")
		if charset == "uca1400" {
			charset = "utf8mb4"
		}
	}
	if collation == "" && charset != "" {
		if collation = defaultCollation(c.from.isMariaDB(), c.from.Number, charset); collation == "" {
			collation = defaultCollations[charsetName(charset)]
		}
	}
	return textRules{charset, collation}
}

// change gives the rules that take the place of others, and whether they differ.
func (c *changer) change(was textRules, where string) (now textRules, changed bool) {
	if was.charset == "" || charsetName(was.charset) == "binary" {
		return was, false
	}
	lower := strings.ToLower(was.collation)
	to, mapped := c.Collations[lower]
	if !mapped {
		to, mapped = c.Collations[otherSpelling(lower)]
	}
	switch {
	case mapped:
	case c.Charset != "" && charsetName(c.Charset) != charsetName(was.charset):
		to = c.nearestIn(c.Charset, was.collation)
	default:
		return was, false
	}
	now = c.rules("", to)
	if len(c.to.Collations) > 0 && !c.to.Collations[strings.ToLower(to)] && spelled(strings.ToLower(to), c.to.Collations) == "" {
		c.refuse(where, "the target has no collation %s", to)
	}
	return now, !strings.EqualFold(was.collation, now.collation)
}

// Collation is what takes the place of a collation of the source.
func (c Changes) Collation(name string, from Origin, to Target) string {
	if c.Empty() {
		return name
	}
	ch := changer{adapter: &adapter{from: from, to: to}, Changes: c}
	now, _ := ch.change(ch.rules("", name), "")
	return now.collation
}

// nearestIn is the collation of a character set that holds for equal what another one does.
func (c *changer) nearestIn(charset, collation string) string {
	_, rest, _ := strings.Cut(strings.ToLower(collation), "_")
	name, err := nearestCollation(charset+"_"+rest, charset, c.to)
	if err != nil || rest == "" {
		return charset + "_general_ci"
	}
	return name
}

// otherSpelling is utf8mb3_bin of utf8_bin, and back.
func otherSpelling(collation string) string {
	head, rest, _ := strings.Cut(collation, "_")
	switch head {
	case "utf8":
		return "utf8mb3_" + rest
	case "utf8mb3":
		return "utf8_" + rest
	}
	return collation
}

// tell notes a change of rules.
func (c *changer) tell(where string, was, now textRules) {
	what := "collation " + was.collation + " becomes " + now.collation
	if charsetName(was.charset) != charsetName(now.charset) {
		what = "character set " + was.charset + " becomes " + now.charset + ", " + what
	}
	if change := collationChange(was.collation, now.collation); change != "" {
		what += ", which " + change
	}
	c.note(where, "%s", what)
}

// clause is where a character set and a collation are named: the places of their values, -1 for what is not there.
type clause struct {
	charset, collation int
	sep                string // before a collation that is added
}

// read gives the rules that a clause names; both are empty where it names none.
func (c *changer) read(at clause) textRules {
	name := func(i int) string {
		if i < 0 {
			return ""
		}
		return strings.Trim(c.tokens[i].Unquote(c.mode), "`")
	}
	return c.rules(name(at.charset), name(at.collation))
}

// rewrite puts rules into a clause.
func (c *changer) rewrite(at clause, now textRules) {
	if at.charset >= 0 {
		c.replaceName(at.charset, now.charset)
		if at.collation < 0 {
			c.insertAfter(at.charset, at.sep+now.collation)
		}
	}
	if at.collation >= 0 {
		c.replaceName(at.collation, now.collation)
	}
}

// follow changes a clause, and returns the rules that it named and names now.
func (c *changer) follow(at clause, where string) (was, now textRules) {
	was = c.read(at)
	now, changed := c.change(was, where)
	if changed {
		c.rewrite(at, now)
		c.tell(where, was, now)
	}
	return was, now
}

// ofTable is the clause of a table's options.
func (c *changer) ofTable(t *tableText) clause {
	at := clause{charset: -1, collation: -1, sep: " COLLATE="}
	for _, o := range t.options {
		switch o.name {
		case "CHARSET", "CHARACTER SET":
			at.charset = o.value
		case "COLLATE":
			at.collation = o.value
		}
	}
	return at
}

// ofColumn is the clause of a column.
func (c *changer) ofColumn(col *columnText) clause {
	at := clause{charset: -1, collation: -1, sep: " COLLATE "}
	for f := range col.flat {
		switch {
		case col.has(c.adapter, f, "CHARACTER", "SET") && f+2 < len(col.flat):
			at.charset = col.flat[f+2]
		case col.has(c.adapter, f, "COLLATE") && f+1 < len(col.flat):
			at.collation = col.flat[f+1]
		}
	}
	return at
}

// larger are the types that hold as many characters in a character set with longer ones, as ALTER TABLE chooses them
// (https://dev.mysql.com/doc/refman/8.4/en/alter-table.html, CONVERT TO CHARACTER SET).
var larger = map[string]string{"tinytext": "text", "text": "mediumtext", "mediumtext": "longtext"}

// changeColumn changes a column of text, whose table had and has these rules. widened reports that its characters may take more bytes.
func (c *changer) changeColumn(col *columnText, tableWas, tableNow textRules) (widened bool) {
	was, now := c.follow(c.ofColumn(col), col.place())
	if was.charset == "" {
		was, now = tableWas, tableNow
	}
	col.charset = charsetName(now.charset)
	if max(bytesPerChar[charsetName(now.charset)], 1) <= max(bytesPerChar[charsetName(was.charset)], 1) {
		return false
	}
	if to := larger[col.typ]; to != "" {
		c.replace(col.typeAt, to)
		c.note(col.place(), "%s becomes %s, which holds as many characters in %s", col.typ, to, now.charset)
		col.typ = to
	}
	return true
}

// checkKeySize refuses an index that takes more bytes than its engine allows.
func (c *changer) checkKeySize(t *tableText, it *tableItem) {
	if it.kind != primaryItem && it.kind != uniqueItem && it.kind != indexItem {
		return
	}
	limit := 3072
	switch t.engine {
	case "myisam":
		limit = 1000
	case "aria":
		limit = 2000
	}
	parts, _, _ := c.indexParts(it)
	size := 0
	for _, p := range parts {
		size += c.partBytes(t, p)
	}
	if size > limit {
		c.refuse(c.where(it.keyword), "takes %d bytes in its columns' new character sets, and the engine allows %d: shorten its columns, or index their first characters", size, limit)
	}
}

// changeDatabase changes what new tables of a schema get.
func (c *changer) changeDatabase(after int) {
	at := clause{charset: -1, collation: -1, sep: " COLLATE "}
	for i := after; i < len(c.tokens); i++ {
		if v, ok := Match(c.tokens, i, "CHARACTER", "SET"); ok && c.tokens[i].Is("CHARACTER") {
			if n, ok := c.operand(v); ok {
				at.charset = n
			}
		}
		if c.tokens[i].Is("COLLATE") {
			if n, ok := c.operand(i + 1); ok {
				at.collation = n
			}
		}
	}
	c.follow(at, "")
}

// changeExpressions maps the collations that expressions and bodies name, where their character set stays.
func (c *changer) changeExpressions(kind string) {
	if len(c.Collations) == 0 || kind == "DATABASE" || kind == "SCHEMA" {
		return
	}
	for i := range c.tokens {
		if !c.tokens[i].Is("COLLATE") || kind == "TABLE" && !c.inExpression(i) {
			continue
		}
		n, ok := c.operand(i + 1)
		if !ok {
			continue
		}
		was := c.rules("", c.tokens[n].Unquote(c.mode))
		to := c.Collations[strings.ToLower(was.collation)]
		if now := c.rules("", to); to != "" && charsetName(now.charset) == charsetName(was.charset) {
			c.replaceName(n, now.collation)
			c.tell(c.where(i), was, now)
		}
	}
}
