package transform

import "github.com/gomove/gomove/internal/mysql"

// walk goes through the statement once.
func (r *renamer) walk() {
	for i := 0; i < len(r.at); {
		t, lv := r.token(i), r.top()
		switch {
		case t.isName():
			i = r.name(i)
			continue
		case t.Is("("):
			r.push(i)
		case t.Is(")"):
			r.pop()
		case t.Is(","):
			lv.aliasNext = false
			if lv.list {
				lv.expect = expectTable
			} else if lv.verb == "WITH" {
				r.cte(i+1, false)
			}
		case t.Is(";"):
			lv.base = lv.outer
			r.start(lv, "")
		default:
			lv.aliasNext = false
		}
		i++
	}
}

// start begins a statement or query at a level.
func (r *renamer) start(lv *level, verb string) {
	lv.scope = newScope(lv.base)
	lv.verb, lv.object = verb, ""
	lv.expect, lv.list, lv.aliasNext, lv.cte = expectNothing, false, false, ""
}

// push enters the parenthesis at i. Where a table is expected, tables stand in it, or a query.
func (r *renamer) push(i int) {
	lv := r.top()
	inner := level{base: lv.scope, outer: lv.scope, scope: lv.scope}
	if lv.expect == expectTable {
		inner.list, inner.expect = true, expectTable
		lv.expect, lv.aliasNext = expectNothing, false
	}
	if lv.verb == "CREATE" && lv.object == "TABLE" && r.token(i+1).Is("LIKE") {
		inner.expect = expectTable
	}
	if lv.cte != "" && r.token(i-1).Is("AS") {
		inner.closesCTE = true
	}
	r.levels = append(r.levels, inner)
}

// pop leaves a parenthesis.
func (r *renamer) pop() {
	if len(r.levels) == 1 {
		return
	}
	closed := r.levels[len(r.levels)-1]
	r.levels = r.levels[:len(r.levels)-1]
	lv := r.top()
	lv.aliasNext = lv.list
	lv.lastRef = ""
	if closed.closesCTE {
		lv.scope.ctes[lv.cte] = true
		lv.cte, lv.aliasNext = "", false
	}
}

// chain is the tokens of the name a, a.b or a.b.c that starts at i, and the index after it. star tells that .* follows, which it skips.
func (r *renamer) chain(i int) (parts []int, next int, star bool) {
	parts = []int{i}
	for i++; r.token(i).Is("."); i += 2 {
		if r.token(i + 1).Is("*") {
			return parts, i + 2, true
		}
		if !r.token(i + 1).isName() {
			return parts, i + 1, false
		}
		parts = append(parts, i+1)
	}
	return parts, i, false
}

// text is the name that token i holds.
func (r *renamer) text(i int) string { return r.token(i).Unquote(r.mode) }

// name reads the name or keyword at i and returns the index after it.
func (r *renamer) name(i int) int {
	parts, next, star := r.chain(i)
	lv := r.top()
	single := len(parts) == 1 && !star
	switch {
	case single && r.token(i).Kind == Word && r.isKeyword(i, next):
		r.keyword(i)
	case lv.expect == expectTable:
		lv.expect = expectNothing
		r.table(parts, star)
	case lv.expect == expectRoutine:
		lv.expect = expectNothing
		r.routine(parts)
	case lv.expect == expectSchema:
		lv.expect = expectNothing
		r.set(i, r.names.schema(r.text(i)))
	case single && lv.aliasNext:
		r.alias(i)
	case lv.verb == "DELETE" && lv.object == "":
		r.deleteTarget(parts)
	case !star && len(parts) > 1 && r.token(next).Is("("):
		r.set(parts[0], r.names.schema(r.text(parts[0])))
	default:
		r.column(parts, next, star)
	}
	return next
}

// isKeyword reports whether an unquoted word is to be read as a keyword and not as a name.
func (r *renamer) isKeyword(i, next int) bool {
	lv, t := r.top(), r.token(i)
	switch {
	case lv.expect == expectTable && lv.list && r.token(next).Is("(") && !t.Is("LATERAL"):
		lv.expect = expectNothing // JSON_TABLE(
		return true
	case lv.expect == expectTable && lv.verb != "GRANT" && lv.verb != "REVOKE":
		return isReserved(t)
	case lv.expect != expectNothing:
		return isReserved(t) || isBetween(t)
	case lv.aliasNext:
		return isFollower(t)
	case lv.verb == "DELETE" && lv.object == "":
		return t.Is("FROM") || t.Is("QUICK") || isReserved(t)
	}
	return !r.isAny(i-1, "OF")
}

// table renames a name where a table stands.
func (r *renamer) table(parts []int, star bool) {
	lv := r.top()
	last := r.text(parts[len(parts)-1])
	to := ""
	switch {
	case star || len(parts) > 2: // GRANT ON a.*
		r.set(parts[0], r.names.schema(r.text(parts[0])))
		return
	case len(parts) == 2:
		schema, table := r.names.Table(r.text(parts[0]), last)
		r.set(parts[0], schema)
		r.set(parts[1], table)
		to = table
		r.moveTrigger(schema)
		r.moveObject(schema)
	case !lv.scope.isCTE(last):
		to = r.unqualified(parts[0], last)
	}
	if to == last {
		to = ""
	}
	lv.lastRef = last
	lv.lastName, lv.lastKnown = lv.scope.names[last]
	lv.scope.names[last] = to
	lv.aliasNext = lv.list
}

// unqualified renames a table of the current schema and returns its new name.
func (r *renamer) unqualified(i int, name string) string {
	schema, table := r.names.Table(r.current, name)
	if schema == r.names.schema(r.current) && !r.moved {
		r.set(i, table)
	} else {
		r.edits[r.at[i]] = mysql.QuoteTable(schema, table)
		r.moveTrigger(schema)
	}
	r.moveObject(schema)
	return table
}

// moveObject notes whether the table or view that is made goes to another schema than the current one becomes: then that is where
// names without a schema would be looked for, and each gets its own.
func (r *renamer) moveObject(schema string) {
	lv := r.top()
	if r.made || len(r.levels) > 1 || lv.verb != "CREATE" {
		return
	}
	switch lv.object {
	case "TABLE", "VIEW", "SEQUENCE":
		r.made = true
		r.moved = schema != r.names.schema(r.current)
	case "TRIGGER":
		r.moved = r.moved || len(r.trigger) == 1 && schema != r.names.schema(r.current)
	}
}

// moveTrigger qualifies the trigger that is made with its table's new schema: it can be in no other.
func (r *renamer) moveTrigger(schema string) {
	if r.top().object != "TRIGGER" {
		return
	}
	switch len(r.trigger) {
	case 1:
		if schema != r.names.schema(r.current) {
			r.edits[r.at[r.trigger[0]]] = mysql.QuoteTable(schema, r.text(r.trigger[0]))
		}
	case 2:
		r.set(r.trigger[0], schema)
	}
}

// routine renames a name where a routine, trigger, event or package stands.
func (r *renamer) routine(parts []int) {
	if len(parts) > 1 {
		r.set(parts[0], r.names.schema(r.text(parts[0])))
	}
	if lv := r.top(); lv.object == "TRIGGER" && lv.verb == "CREATE" && r.trigger == nil {
		r.trigger = parts
	}
}

// alias notes that the name at i stands for what was before it, whose own name is then none of the query's.
func (r *renamer) alias(i int) {
	lv := r.top()
	switch {
	case lv.lastRef == "":
	case lv.lastKnown:
		lv.scope.names[lv.lastRef] = lv.lastName
	default:
		delete(lv.scope.names, lv.lastRef)
	}
	lv.scope.names[r.text(i)] = ""
	lv.aliasNext, lv.lastRef = false, ""
}

// deleteTarget renames what stands between DELETE and FROM: tables and aliases.
func (r *renamer) deleteTarget(parts []int) {
	if len(parts) == 1 {
		r.qualify(parts[0])
		return
	}
	schema, table := r.names.Table(r.text(parts[0]), r.text(parts[1]))
	r.set(parts[0], schema)
	r.set(parts[1], table)
}

// column renames the qualifiers of a column, a row type or a sequence's value.
func (r *renamer) column(parts []int, next int, star bool) {
	if star {
		parts = append(parts, -1)
	}
	rowType := r.token(next).Is("%") && r.token(next+1).Is("ROWTYPE")
	columnType := r.token(next).Is("%") && r.token(next+1).Is("TYPE")
	sequence := len(parts) == 2 && r.isAny(parts[1], "NEXTVAL", "CURRVAL")
	switch {
	case rowType && len(parts) <= 2, len(parts) == 2 && r.isAny(parts[0]-2, "TYPE") && r.isAny(parts[0]-3, "ROW"):
		r.tableName(parts)
	case len(parts) == 2 && (columnType || sequence || r.isAny(parts[0]-1, "OF") && r.isAny(parts[0]-2, "TYPE")):
		r.tableName(parts[:1])
	case len(parts) == 2 || r.isAny(parts[0]-1, "OF") && len(parts) == 1:
		r.qualify(parts[0])
	case len(parts) == 3:
		r.tableName(parts[:2])
	}
}

// qualify notes that the name at i is a table or alias of the query.
func (r *renamer) qualify(i int) {
	r.qualifiers = append(r.qualifiers, qualifier{i, r.text(i), r.top().scope})
}

// tableName renames a or a.b, which is a table for certain.
func (r *renamer) tableName(parts []int) {
	if len(parts) == 1 {
		r.unqualified(parts[0], r.text(parts[0]))
		return
	}
	schema, table := r.names.Table(r.text(parts[0]), r.text(parts[1]))
	r.set(parts[0], schema)
	r.set(parts[1], table)
}
