package transform

import (
	"slices"
	"strings"
)

// Changes are what the user wants other in definitions than the source has it (--engine, --collation-map, --charset).
type Changes struct {
	Engine     string            // of every table; default its own
	Collations map[string]string // collations by those of the source, in lower case; default their own
	Charset    string            // of tables and their text columns; default their own
}

// Empty reports whether nothing is to be changed.
func (c Changes) Empty() bool { return c.Engine == "" && len(c.Collations) == 0 && c.Charset == "" }

// Apply changes a CREATE statement. to is the target where it is known: collations are chosen from what it has. Notes say what was
// changed; those that are Refused, what no longer fits.
func (c Changes) Apply(stmt []byte, m Mode, from Origin, to Target, object string) (out []byte, notes []Note) {
	if c.Empty() {
		return stmt, nil
	}
	if to.Flavor == "" {
		to.Flavor, to.Number = from.Flavor, from.Number
	}
	ch := changer{adapter: &adapter{tokens: Lex(stmt, m), mode: m, from: from, to: to, object: object}, Changes: c}
	kind, at := ch.statement()
	switch kind {
	case "TABLE":
		if t, ok := ch.parseTable(at); ok {
			ch.changeTable(t)
		}
	case "DATABASE", "SCHEMA":
		ch.changeDatabase(at)
	}
	ch.changeExpressions(kind)
	if !ch.changed {
		return stmt, ch.notes
	}
	return ch.join(), ch.notes
}

// changer is an adapter that follows the user's wishes.
type changer struct {
	*adapter
	Changes
}

func (c *changer) changeTable(t *tableText) {
	c.changeEngine(t)
	if len(c.Collations) == 0 && c.Charset == "" {
		return
	}
	was, now := c.follow(c.ofTable(t), "")
	rowBytes, widened := 0, false
	for i := range t.items {
		it := &t.items[i]
		if it.kind != columnItem {
			continue
		}
		col := c.parseColumn(it)
		if col == nil {
			continue
		}
		t.columns[strings.ToLower(col.name)] = col
		if !hasCharset(col.typ) {
			rowBytes += max(0, c.charBytes(t, col)*col.length)
			continue
		}
		widened = c.changeColumn(col, was, now) || widened
		if col.typ == "char" || col.typ == "varchar" {
			rowBytes += col.length * max(bytesPerChar[charsetName(col.charset)], 1)
		}
	}
	t.charset = charsetName(now.charset)
	if !widened {
		return
	}
	if rowBytes > maxRowSize {
		c.refuse("", "a row takes up to %d bytes in these character sets, and no server takes more than %d: make some of its columns TEXT", rowBytes, maxRowSize)
	}
	for i := range t.items {
		c.checkKeySize(t, &t.items[i])
	}
}

// maxRowSize is what the columns of a row may take that are no TEXT or BLOB.
const maxRowSize = 65535

// engineOptions are the options that say nothing to InnoDB.
var engineOptions = []string{
	"CONNECTION", "UNION", "INSERT_METHOD", "DATA DIRECTORY", "INDEX DIRECTORY", "PACK_KEYS", "DELAY_KEY_WRITE", "CHECKSUM", "TABLE_CHECKSUM",
	"PAGE_CHECKSUM", "TRANSACTIONAL", "MIN_ROWS", "MAX_ROWS", "AVG_ROW_LENGTH", "KEY_BLOCK_SIZE",
}

// changeEngine gives a table the engine that is asked for, which is InnoDB.
func (c *changer) changeEngine(t *tableText) {
	o, ok := t.option("ENGINE")
	if !ok || c.Engine == "" {
		return
	}
	name := c.tokens[o.value].Unquote(c.mode)
	if strings.EqualFold(name, c.Engine) {
		return
	}
	if t.engine == "mrg_myisam" || t.engine == "merge" {
		c.refuse("", "engine %s joins other tables: make it a view, or leave it out", name)
		return
	}
	if c.hasSecondaryAutoIncrement(t) {
		c.refuse("", "AUTO_INCREMENT is not the first column of a key, which InnoDB does not have: leave the table out, or add such a key on the source")
	}
	c.replaceName(o.value, c.Engine)
	for i := t.partition; i < t.end; i++ {
		if v, ok := Match(c.tokens, i, "ENGINE", "="); ok {
			c.replace(Skip(c.tokens, v), c.Engine)
		}
	}
	var gone []string
	for _, o := range slices.Clone(t.options) {
		format := ""
		if o.name == "ROW_FORMAT" {
			format = strings.ToUpper(string(c.tokens[o.value].Text))
		}
		if slices.Contains(engineOptions, o.name) || o.quoted || format == "FIXED" || format == "PAGE" || format == "COMPRESSED" {
			gone = append(gone, o.name)
			c.dropOption(t, o.name, "")
		}
	}
	t.engine = strings.ToLower(c.Engine)
	c.note("", "engine %s becomes %s, as --engine asks", name, c.Engine)
	for _, g := range gone {
		c.note("", "option %s left out: it was engine %s's", g, name)
	}
}
