package transform

import "bytes"

// adaptExpressions rewrites the few expressions that servers print, or that routines use, and the target spells another way.
func (a *adapter) adaptExpressions(kind string) {
	lacksRegexpLike := a.to.isMariaDB() || a.to.Number < 80004
	for i := 0; i < len(a.tokens); i++ {
		t := a.tokens[i]
		switch {
		case a.to.isMariaDB() && t.Is("JSON_VALUE"):
			a.adaptJSONValue(i)
		case lacksRegexpLike && t.Is("REGEXP_LIKE"):
			a.adaptRegexpLike(i)
		case a.to.isMariaDB() && t.Is("-") && i+1 < len(a.tokens) && a.tokens[i+1].Is(">"):
			a.adaptArrow(i)
		case t.Kind == QuotedName && kind == "VIEW" && !a.from.isMariaDB() && a.from.Number < 50700:
			a.adaptPoint(i)
		}
	}
}

// adaptPoint makes POINT(x,y) of `st_point`(x,y), as which 5.6 prints it though it has no such function itself.
func (a *adapter) adaptPoint(i int) {
	if open := Skip(a.tokens, i+1); string(a.tokens[i].Text) == "`st_point`" && open < len(a.tokens) && a.tokens[open].Is("(") {
		a.replace(i, "point")
		a.note(a.where(i), "ST_POINT is spelled POINT: no server has it under the name that the source prints")
	}
}

// adaptJSONValue makes CAST(JSON_VALUE(doc, path) AS type) of JSON_VALUE(doc, path RETURNING type).
func (a *adapter) adaptJSONValue(i int) {
	open := Skip(a.tokens, i+1)
	if open >= len(a.tokens) || !a.tokens[open].Is("(") {
		return
	}
	closing := Closing(a.tokens, open)
	if closing >= len(a.tokens) {
		return
	}
	for k := open + 1; k < closing; k++ {
		if a.tokens[k].Is("(") {
			k = Closing(a.tokens, k)
			continue
		}
		if !a.tokens[k].Is("RETURNING") {
			continue
		}
		typ, _ := splitOnClauses(a.tokens, k+1, closing)
		text := bytes.TrimSpace(Join(a.tokens[k+1 : typ]))
		if typ < closing {
			a.note(a.where(i), "JSON_VALUE: %s left out, the target gives NULL", bytes.TrimSpace(Join(a.tokens[typ:closing])))
		}
		a.note(a.where(i), "JSON_VALUE(.. RETURNING %s) becomes CAST(JSON_VALUE(..) AS %s)", text, text)
		a.drop(k, closing)
		a.insertBefore(i, "cast(")
		a.insertAfter(closing, " as "+string(text)+")")
		return
	}
}

// splitOnClauses finds where NULL ON EMPTY, ERROR ON ERROR or DEFAULT x ON .. starts.
func splitOnClauses(tokens []Token, i, end int) (at int, found bool) {
	for ; i < end; i++ {
		switch {
		case tokens[i].Is("("):
			i = Closing(tokens, i)
		case tokens[i].Is("NULL"), tokens[i].Is("ERROR"), tokens[i].Is("DEFAULT"):
			return i, true
		}
	}
	return end, false
}

// adaptRegexpLike makes (a REGEXP b) of REGEXP_LIKE(a,b), as which MySQL 8 prints every REGEXP.
func (a *adapter) adaptRegexpLike(i int) {
	open := Skip(a.tokens, i+1)
	if open >= len(a.tokens) || !a.tokens[open].Is("(") {
		return
	}
	closing := Closing(a.tokens, open)
	if closing >= len(a.tokens) {
		return
	}
	items := a.splitItems(open, closing)
	if len(items) != 2 {
		return
	}
	a.drop(i, open)
	a.insertBefore(open, " ")
	a.replace(items[0].comma, " regexp ")
	a.note(a.where(i), "REGEXP_LIKE(a,b) becomes (a REGEXP b)")
}

// adaptArrow makes JSON_EXTRACT(column,'path') of column->'path', and JSON_UNQUOTE of it for ->>.
func (a *adapter) adaptArrow(i int) {
	end := i + 2
	unquote := end < len(a.tokens) && a.tokens[end].Is(">")
	if unquote {
		end++
	}
	path := Skip(a.tokens, end)
	first := SkipBack(a.tokens, i-1)
	if path >= len(a.tokens) || a.tokens[path].Kind != String || first < 0 || !a.isName(first) {
		return
	}
	for {
		dot := SkipBack(a.tokens, first-1)
		if dot < 1 || !a.tokens[dot].Is(".") || !a.isName(SkipBack(a.tokens, dot-1)) {
			break
		}
		first = SkipBack(a.tokens, dot-1)
	}
	head, tail := "json_extract(", ")"
	if unquote {
		head, tail = "json_unquote(json_extract(", "))"
	}
	a.insertBefore(first, head)
	for k := i; k < end; k++ {
		a.blank(k)
	}
	a.replace(i, ",")
	a.insertAfter(path, tail)
	a.note(a.where(i), "-> becomes JSON_EXTRACT, ->> JSON_UNQUOTE(JSON_EXTRACT)")
}

func (a *adapter) isName(i int) bool {
	return i >= 0 && (a.tokens[i].Kind == Word || a.tokens[i].Kind == QuotedName)
}
