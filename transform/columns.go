package transform

import "strings"

// ColumnDef is one column of a CREATE TABLE.
type ColumnDef struct {
	Name      string
	DataType  string // in lower case, without what follows it: "varchar", "int"
	Type      string // as COLUMN_TYPE has it: "varchar(20)", "int(10) unsigned"
	Charset   string // of text; empty where neither the column nor its table names one
	Collation string // likewise; empty where it is the default of a charset that the column names
	Generated bool   // nothing can be put into it
	Invisible bool
	Nullable  bool
	Numbered  bool // AUTO_INCREMENT
}

// Columns reads the columns of a CREATE TABLE statement, as SHOW CREATE TABLE prints it, in their order.
func Columns(stmt []byte, m Mode) ([]ColumnDef, error) {
	t, err := readTable(stmt, m)
	if err != nil {
		return nil, err
	}
	var cols []ColumnDef
	for _, e := range t.elements {
		if e.kind != columnDef {
			continue
		}
		c := readColumnDef(Lex([]byte(e.body), m), m)
		if c.Name == "" || c.DataType == "" {
			return nil, ErrNotCreateTable
		}
		if hasCharset(c.DataType) {
			c.inherit(t.charset, t.collation)
		} else {
			c.Charset, c.Collation = "", ""
		}
		cols = append(cols, c)
	}
	return cols, nil
}

// hasCharset reports whether a data type has a charset that SHOW CREATE TABLE tells.
func hasCharset(dataType string) bool {
	switch dataType {
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set":
		return true
	}
	return false
}

// inherit fills in the table's defaults, and the charset that a collation says.
func (c *ColumnDef) inherit(charset, collation string) {
	if c.Charset == "" && c.Collation == "" {
		c.Charset, c.Collation = charset, collation
	}
	if c.Charset == "" {
		c.Charset, _, _ = strings.Cut(c.Collation, "_")
	}
}

func readColumnDef(tokens []Token, m Mode) (c ColumnDef) {
	tokens = significant(tokens)
	if len(tokens) < 2 || !tokens[0].isName() {
		return c
	}
	c.Name, c.Nullable = tokens[0].Unquote(m), true
	rest := c.readType(tokens[1:])
	rest = outside(rest)
	for i, t := range rest {
		next := func(n int) Token {
			if i+n < len(rest) {
				return rest[i+n]
			}
			return Token{}
		}
		switch {
		case t.Is("CHARACTER") && next(1).Is("SET"):
			c.Charset = strings.ToLower(next(2).Unquote(m))
		case t.Is("CHARSET"):
			c.Charset = strings.ToLower(next(1).Unquote(m))
		case t.Is("COLLATE"):
			c.Collation = strings.ToLower(next(1).Unquote(m))
		case t.Is("NOT") && next(1).Is("NULL"):
			c.Nullable = false
		case t.Is("AUTO_INCREMENT"):
			c.Numbered = true
		case t.Is("AS"):
			c.Generated = true
		case t.Is("INVISIBLE"):
			c.Invisible = true
		}
	}
	return c
}

// readType takes the type off the front.
func (c *ColumnDef) readType(tokens []Token) (rest []Token) {
	c.DataType = strings.ToLower(string(tokens[0].Text))
	c.Type = c.DataType
	tokens = tokens[1:]
	if c.DataType == "double" && len(tokens) > 0 && tokens[0].Is("PRECISION") {
		tokens = tokens[1:]
	}
	if len(tokens) > 0 && tokens[0].Is("(") {
		end := Closing(tokens, 0)
		if end >= len(tokens) {
			return nil
		}
		c.Type += string(Join(tokens[:end+1]))
		tokens = tokens[end+1:]
	}
	for len(tokens) > 0 && (tokens[0].Is("UNSIGNED") || tokens[0].Is("ZEROFILL")) {
		c.Type += " " + strings.ToLower(string(tokens[0].Text))
		tokens = tokens[1:]
	}
	return tokens
}
