package transform

import (
	"slices"
	"strings"
)

// tableText is a CREATE TABLE as the adaptation sees it.
type tableText struct {
	name    string
	items   []tableItem
	options []tableOption
	// partition and end bound the PARTITION BY clause; both are len(tokens) when there is none.
	partition, end int
	engine         string // lower case, as it will be on the target
	engineChanged  bool
	dynamic        bool   // ROW_FORMAT=DYNAMIC was added
	charset        string // default of the columns
	columns        map[string]*columnText
}

// tableItem is a column, index or constraint: the tokens from start to end, and the comma after it (-1 after the last).
type tableItem struct {
	kind              itemKind
	start, end, comma int
	name              string
	keyword           int // index of the first word after CONSTRAINT `name`
	dropped           bool
}

type itemKind int

const (
	columnItem itemKind = iota
	primaryItem
	uniqueItem
	indexItem
	fulltextItem
	spatialItem
	vectorItem
	foreignItem
	checkItem
	periodItem
)

// tableOption is one option after the column list, from its first token to the one after its value.
type tableOption struct {
	name       string // upper case, without DEFAULT
	start, end int
	value      int // index of the value, -1 when there is none
	quoted     bool
}

// adaptTable goes through CREATE TABLE; after is the index behind the word TABLE.
func (a *adapter) adaptTable(after int) {
	t, ok := a.parseTable(after)
	if !ok {
		return
	}
	a.adaptEngine(t)
	for i := range t.items {
		if t.items[i].kind == columnItem {
			a.adaptColumn(t, &t.items[i])
		}
	}
	for i := range t.items {
		switch it := &t.items[i]; it.kind {
		case columnItem, foreignItem:
		case checkItem:
			a.adaptCheckItem(t, it)
		case periodItem:
			a.adaptPeriod(it)
		default:
			a.adaptIndex(t, it)
		}
	}
	a.adaptOptions(t)
	a.adaptPartitions(t)
	a.dropItems(t)
}

// parseTable takes a CREATE TABLE apart. It returns false where there is no column list.
func (a *adapter) parseTable(after int) (*tableText, bool) {
	t := &tableText{columns: map[string]*columnText{}}
	open := after
	for ; open < len(a.tokens) && !a.tokens[open].Is("("); open++ {
		if k := a.tokens[open].Kind; k == Word || k == QuotedName {
			t.name = a.tokens[open].Unquote(a.mode)
		}
	}
	closing := Closing(a.tokens, open)
	if closing >= len(a.tokens) {
		return nil, false
	}
	t.items = a.splitItems(open, closing)
	for i := range t.items {
		a.classify(&t.items[i])
	}
	a.parseOptions(t, closing+1)
	for _, o := range t.options {
		switch o.name {
		case "CHARSET", "CHARACTER SET":
			t.charset = charsetName(a.tokens[o.value].Unquote(a.mode))
		case "ENGINE":
			t.engine = strings.ToLower(a.tokens[o.value].Unquote(a.mode))
		}
	}
	return t, true
}

// splitItems cuts a list in parentheses at its commas.
func (a *adapter) splitItems(open, closing int) []tableItem {
	var items []tableItem
	start := open + 1
	for i := open + 1; i <= closing; i++ {
		switch {
		case i == closing || a.tokens[i].Is(","):
			it := tableItem{start: Skip(a.tokens, start), end: i, comma: i}
			if i == closing {
				it.comma = -1
			}
			if it.start < i {
				items = append(items, it)
			}
			start = i + 1
		case a.tokens[i].Is("("):
			i = min(Closing(a.tokens, i), closing-1)
		}
	}
	return items
}

// classify finds out what an item is and what it is called, and notes its place.
func (a *adapter) classify(it *tableItem) {
	i := it.start
	if a.tokens[i].Is("CONSTRAINT") {
		i = Skip(a.tokens, i+1)
		if a.tokens[i].Kind == QuotedName || !a.isItemWord(i) {
			it.name = a.tokens[i].Unquote(a.mode)
			i = Skip(a.tokens, i+1)
		}
	}
	it.keyword = i
	it.kind = a.itemKindAt(i)
	what := " column "
	switch it.kind {
	case columnItem:
		it.name = a.tokens[i].Unquote(a.mode)
	case primaryItem:
		it.name, what = "PRIMARY", " index "
	case checkItem, foreignItem, periodItem:
		what = " constraint "
	default:
		what = " index "
		for j := i; j < it.end && !a.tokens[j].Is("("); j++ {
			if a.tokens[j].Kind == QuotedName || a.tokens[j].Kind == Word && !a.isItemWord(j) && !a.tokens[j].Is("USING") {
				it.name = a.tokens[j].Unquote(a.mode)
				break
			}
		}
	}
	if it.name != "" {
		a.places = append(a.places, place{it.start, it.end, what + quoteName(it.name)})
	}
}

func (a *adapter) isItemWord(i int) bool {
	return slices.ContainsFunc([]string{
		"PRIMARY", "UNIQUE", "KEY", "INDEX", "FULLTEXT", "SPATIAL", "VECTOR", "FOREIGN", "CHECK", "PERIOD",
	}, a.tokens[i].Is)
}

func (a *adapter) itemKindAt(i int) itemKind {
	t := a.tokens[i]
	next := Skip(a.tokens, i+1)
	followed := func(words ...string) bool {
		for _, w := range words {
			if next < len(a.tokens) && a.tokens[next].Is(w) {
				return true
			}
		}
		return false
	}
	switch {
	case t.Is("PRIMARY"):
		return primaryItem
	case t.Is("UNIQUE"):
		return uniqueItem
	case t.Is("KEY"), t.Is("INDEX"):
		return indexItem
	case t.Is("FULLTEXT"):
		return fulltextItem
	case t.Is("SPATIAL"):
		return spatialItem
	case t.Is("VECTOR") && followed("KEY", "INDEX"):
		return vectorItem
	case t.Is("FOREIGN"):
		return foreignItem
	case t.Is("CHECK"):
		return checkItem
	case t.Is("PERIOD") && followed("FOR"):
		return periodItem
	}
	return columnItem
}

// parseOptions reads the options after the column list, up to PARTITION BY.
func (a *adapter) parseOptions(t *tableText, i int) {
	t.partition, t.end = len(a.tokens), len(a.tokens)
	for i = Skip(a.tokens, i); i < len(a.tokens); i = Skip(a.tokens, i) {
		if _, ok := Match(a.tokens, i, "PARTITION", "BY"); ok {
			t.partition = i
			return
		}
		if a.tokens[i].Is(",") {
			i++
			continue
		}
		o, ok := a.parseOption(i)
		if !ok {
			return
		}
		t.options = append(t.options, o)
		i = o.end
	}
}

func (a *adapter) parseOption(i int) (tableOption, bool) {
	o := tableOption{start: i, value: -1}
	if end, ok := Match(a.tokens, i, "WITH", "SYSTEM", "VERSIONING"); ok {
		o.name, o.end = "WITH SYSTEM VERSIONING", end
		return o, true
	}
	if a.tokens[i].Is("DEFAULT") {
		i = Skip(a.tokens, i+1)
	}
	if i >= len(a.tokens) || a.tokens[i].Kind != Word && a.tokens[i].Kind != QuotedName || a.tokens[i].Is("AS") || a.tokens[i].Is("SELECT") {
		return o, false
	}
	o.name = strings.ToUpper(a.tokens[i].Unquote(a.mode))
	o.quoted = a.tokens[i].Kind == QuotedName
	if o.name == "CHARACTER" || o.name == "DATA" || o.name == "INDEX" {
		if i = Skip(a.tokens, i+1); i >= len(a.tokens) {
			return o, false
		}
		o.name += " " + strings.ToUpper(string(a.tokens[i].Text))
	}
	v := Skip(a.tokens, i+1)
	if v < len(a.tokens) && a.tokens[v].Is("=") {
		v = Skip(a.tokens, v+1)
	}
	if v >= len(a.tokens) {
		return o, false
	}
	o.value, o.end = v, v+1
	if a.tokens[v].Is("(") {
		o.end = Closing(a.tokens, v) + 1
	}
	return o, o.end <= len(a.tokens)
}

// option returns an option of the table.
func (t *tableText) option(name string) (tableOption, bool) {
	for _, o := range t.options {
		if o.name == name {
			return o, true
		}
	}
	return tableOption{}, false
}

// dropItems leaves out the items that were given up, with a comma each.
func (a *adapter) dropItems(t *tableText) {
	last := -1
	for i, it := range t.items {
		if !it.dropped {
			last = i
		}
	}
	for i, it := range t.items {
		if it.dropped {
			end := it.end
			for it.comma < 0 && end > it.start && a.tokens[end-1].Kind == Space {
				end--
			}
			a.drop(it.start, end)
			for k := it.start; k < it.end; k++ {
				delete(a.before, k)
				delete(a.after, k)
			}
		}
		if it.comma >= 0 && (it.dropped || i >= last) {
			a.blank(it.comma)
		}
	}
}

// quoteName is a name in backticks.
func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
