package transform

import "strings"

// isReserved reports whether an unquoted word where a name is expected can be none.
func isReserved(t Token) bool {
	switch strings.ToUpper(string(t.Text)) {
	case "INTO", "IGNORE", "LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "TABLE", "IF", "NOT", "EXISTS", "TO", "AS", "LIKE", "LATERAL", "SELECT",
		"WITH", "SET", "ON", "WHERE", "VALUES", "FROM", "UPDATE", "DELETE", "PROCEDURE", "FOR", "CHARACTER", "DEFAULT", "COLLATE":
		return true
	}
	return false
}

// isBetween reports whether a word, not reserved, can stand before the name of a routine or schema, or in its place.
func isBetween(t Token) bool {
	switch strings.ToUpper(string(t.Text)) {
	case "FUNCTION", "PACKAGE", "BODY", "UPGRADE", "ENCRYPTION", "COMMENT":
		return true
	}
	return false
}

// isFollower reports whether a word after a table is no alias.
func isFollower(t Token) bool {
	switch strings.ToUpper(string(t.Text)) {
	case "AS", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "STRAIGHT_JOIN", "ON", "USING", "WHERE", "SET", "GROUP", "ORDER",
		"HAVING", "LIMIT", "UNION", "EXCEPT", "INTERSECT", "MINUS", "FOR", "LOCK", "USE", "FORCE", "IGNORE", "PARTITION", "VALUES", "SELECT", "INTO",
		"RETURNING", "READ", "WRITE", "TO", "PROCEDURE", "WINDOW", "WITH", "END", "DO", "THEN", "LOOP", "OFFSET", "FETCH", "TABLESAMPLE", "QUALIFY":
		return true
	}
	return false
}

// keyword takes in what the word at i says of the names after it.
func (r *renamer) keyword(i int) {
	lv := r.top()
	lv.aliasNext = false
	word := strings.ToUpper(string(r.token(i).Text))
	if (lv.verb == "GRANT" || lv.verb == "REVOKE") && !grantWord(word) {
		return
	}
	switch word {
	case "INTO", "IGNORE", "LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "IF", "NOT", "EXISTS", "TO", "LATERAL", "BODY":
		r.between(word, i)
	case "AS":
		lv.aliasNext = lv.list && !r.token(i+1).Is("OF")
	case "SELECT", "UPDATE", "DELETE", "INSERT", "REPLACE", "WITH", "CALL", "TRUNCATE", "LOAD":
		r.query(word, i)
	case "CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "LOCK", "FLUSH", "ANALYZE", "CHECK", "CHECKSUM", "OPTIMIZE", "REPAIR", "RENAME", "SHOW":
		r.statement(word, i)
	case "TABLE", "TABLES", "VIEW", "SEQUENCE", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE", "DATABASE", "SCHEMA", "INDEX", "USE":
		r.object(word, i)
	case "BEGIN", "DO", "LOOP", "ROW", "REPEAT":
		if !r.token(i+1).Is("(") && (word != "ROW" || r.isAny(i-1, "EACH")) && !isQuery(lv.verb) {
			lv.base = lv.outer
			r.start(lv, "")
		}
	default:
		r.clause(word, i)
	}
}

// grantWord reports whether a word of GRANT or REVOKE is no privilege.
func grantWord(word string) bool {
	switch word {
	case "ON", "TO", "FROM", "TABLE", "FUNCTION", "PROCEDURE", "PACKAGE", "BODY":
		return true
	}
	return false
}

// isQuery reports whether names like BEGIN can be columns under this verb.
func isQuery(verb string) bool {
	switch verb {
	case "SELECT", "UPDATE", "DELETE", "INSERT", "REPLACE", "WITH":
		return true
	}
	return false
}

// between handles words that stand between a keyword and a name, or end a list of tables.
func (r *renamer) between(word string, i int) {
	lv := r.top()
	switch {
	case word == "INTO" && lv.verb != "INSERT" && lv.verb != "REPLACE":
		lv.expect, lv.list = expectNothing, false
	case word == "TO" && lv.verb == "RENAME":
		lv.expect = expectTable
	case word == "TO" && (lv.verb == "GRANT" || lv.verb == "REVOKE"):
		lv.expect = expectNothing
	}
}

// query handles the words that start a query.
func (r *renamer) query(word string, i int) {
	lv := r.top()
	call := r.token(i + 1).Is("(")
	switch word {
	case "SELECT":
		if lv.verb == "INSERT" || lv.verb == "REPLACE" || lv.verb == "WITH" {
			lv.expect, lv.list = expectNothing, false
		} else {
			r.start(lv, word)
		}
		lv.verb = word
	case "UPDATE":
		if r.isAny(i-1, "FOR") {
			lv.expect, lv.list = expectNothing, false
		}
		if !r.isAny(i-1, "ON", "KEY", "FOR", "BEFORE", "AFTER", "OR") {
			r.modify(word)
			lv.list, lv.expect = true, expectTable
		}
	case "DELETE":
		if !r.isAny(i-1, "ON", "BEFORE", "AFTER", "OR") {
			r.modify(word)
		}
	case "INSERT", "REPLACE":
		if !call && !r.isAny(i-1, "BEFORE", "AFTER", "OR") {
			r.modify(word)
			lv.expect = expectTable
		}
	case "WITH":
		r.cte(i+1, true)
	case "CALL":
		lv.expect = expectRoutine
	case "TRUNCATE":
		if !call {
			r.start(lv, word)
			lv.expect = expectTable
		}
	case "LOAD":
		r.start(lv, word)
	}
}

// modify starts UPDATE, DELETE, INSERT or REPLACE, which may follow a WITH.
func (r *renamer) modify(verb string) {
	lv := r.top()
	if lv.verb == "WITH" {
		lv.verb = verb
		return
	}
	r.start(lv, verb)
}

// cte notes the common table expression whose name is at i, [RECURSIVE] name [(columns)] AS (.
func (r *renamer) cte(i int, first bool) {
	lv := r.top()
	recursive := first && r.token(i).Is("RECURSIVE")
	if recursive {
		i++
	}
	j := i + 1
	if r.token(j).Is("(") {
		for j++; j < len(r.at) && !r.token(j).Is(")"); j++ {
			continue
		}
		j++
	}
	if !r.token(i).isName() || !r.token(j).Is("AS") || !r.token(j+1).Is("(") {
		return
	}
	if first {
		if lv.verb != "INSERT" && lv.verb != "REPLACE" {
			r.start(lv, "WITH")
		}
		lv.base = lv.scope // so that a UNION sees it too
	}
	lv.cte = r.text(i)
	if recursive {
		lv.scope.ctes[lv.cte] = true
	}
}

// statement handles the words that start other statements.
func (r *renamer) statement(word string, i int) {
	lv := r.top()
	switch {
	case word == "RENAME" && lv.verb == "ALTER":
		if !r.isAny(i+1, "COLUMN", "INDEX", "KEY", "CONSTRAINT") {
			lv.expect = expectTable
			if lv.object != "TABLE" {
				lv.expect = expectRoutine
			}
		}
	case word == "CREATE", word == "GRANT", word == "REVOKE", (word == "ALTER" || word == "DROP") && lv.verb != "ALTER":
		r.start(lv, word)
	case word == "LOCK" && lv.verb != "":
		lv.expect, lv.list = expectNothing, false
	case lv.verb == "":
		lv.verb = word
	}
}

// object handles the words for kinds of objects.
func (r *renamer) object(word string, i int) {
	lv := r.top()
	ddl := lv.verb == "CREATE" || lv.verb == "ALTER" || lv.verb == "DROP" || lv.verb == "SHOW" && r.isAny(i-1, "CREATE", "BODY")
	ddl = ddl && !r.token(i+1).Is("=") && !r.token(i+1).Is("(")
	grant := lv.verb == "GRANT" || lv.verb == "REVOKE"
	switch word {
	case "TABLE", "TABLES":
		r.tableKeyword(word)
	case "VIEW", "SEQUENCE":
		if ddl && lv.object == "" {
			lv.object, lv.expect, lv.list = word, expectTable, lv.verb == "DROP"
		}
	case "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE":
		switch {
		case ddl && lv.object == "":
			lv.object, lv.expect = word, expectRoutine
		case grant:
			lv.expect = expectRoutine
		case word == "PROCEDURE":
			lv.list = false
		}
	case "DATABASE", "SCHEMA":
		if ddl && lv.object == "" {
			lv.object, lv.expect = word, expectSchema
		}
	case "INDEX":
		if ddl && lv.object == "" {
			lv.object = word
		}
	case "USE":
		if !lv.list && !r.isAny(i+1, "INDEX", "KEY") && lv.verb != "SELECT" {
			r.start(lv, word)
			lv.expect = expectSchema
		}
	}
}

// tableKeyword handles TABLE and TABLES.
func (r *renamer) tableKeyword(word string) {
	lv := r.top()
	switch lv.verb {
	case "DROP", "LOCK", "FLUSH", "ANALYZE", "CHECK", "CHECKSUM", "OPTIMIZE", "REPAIR", "RENAME":
		lv.expect, lv.list = expectTable, true
	default:
		if word == "TABLES" {
			return
		}
		lv.expect = expectTable
	}
	if lv.object == "" {
		lv.object = "TABLE"
	}
}

// clause handles the words within a query.
func (r *renamer) clause(word string, i int) {
	lv := r.top()
	switch word {
	case "FROM":
		period := r.isAny(i-1, "SYSTEM_TIME") || r.isAny(i-2, "OF") && r.isAny(i-3, "PORTION")
		if (lv.verb == "SELECT" || lv.verb == "DELETE") && !period {
			lv.list, lv.expect = true, expectTable
		}
		if lv.verb == "DELETE" {
			lv.object = "FROM"
		}
	case "JOIN", "STRAIGHT_JOIN":
		if lv.list && !r.isAny(i-1, "FOR") {
			lv.expect = expectTable
		}
	case "USING":
		lv.expect = expectNothing
		if lv.verb == "DELETE" && !r.token(i+1).Is("(") {
			lv.list, lv.expect = true, expectTable
		}
	case "ON":
		lv.expect = expectNothing
		trigger := lv.object == "TRIGGER" && r.isAny(i-1, "INSERT", "UPDATE", "DELETE")
		if trigger || lv.object == "INDEX" || lv.verb == "GRANT" || lv.verb == "REVOKE" {
			lv.expect = expectTable
		}
	case "REFERENCES":
		lv.expect = expectTable
	case "LIKE":
		if lv.verb == "CREATE" && lv.object == "TABLE" || lv.expect == expectTable {
			lv.expect = expectTable
		}
	case "UNION", "EXCEPT", "INTERSECT", "MINUS":
		if r.token(i + 1).Is("=") {
			lv.expect = expectTable // of a MERGE table
			return
		}
		lv.verb, lv.expect, lv.list = "", expectNothing, false
	case "FOR":
		r.forKeyword(i)
	case "NEXTVAL", "LASTVAL", "SETVAL":
		if r.token(i + 1).Is("(") {
			lv.expect = expectTable
		}
	case "WHERE", "HAVING", "LIMIT", "WINDOW", "RETURNING", "SET", "VALUES", "GROUP", "ORDER":
		if !r.isAny(i-1, "FOR") {
			lv.expect, lv.list = expectNothing, false
		}
	case "PARTITION", "CHARACTER", "DEFAULT", "COLLATE", "UPGRADE", "ENCRYPTION", "COMMENT":
		lv.expect = expectNothing
	}
}

// forKeyword handles NEXT VALUE FOR, index hints, periods and FOR UPDATE.
func (r *renamer) forKeyword(i int) {
	lv := r.top()
	switch {
	case r.isAny(i-1, "VALUE") && r.isAny(i-2, "NEXT", "PREVIOUS"):
		lv.expect, lv.list = expectTable, false
	case r.isAny(i+1, "JOIN", "ORDER", "GROUP", "SYSTEM_TIME", "PORTION"):
	default:
		lv.expect, lv.list = expectNothing, false
	}
}
