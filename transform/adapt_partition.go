package transform

import "strings"

// reservedSince8 are words that were free names in 5.6 and are reserved in MySQL 8 or MariaDB: 5.6 prints the names of
// partitions and the columns of partition functions bare.
var reservedSince8 = setOf("CUBE,CUME_DIST,DENSE_RANK,EMPTY,EXCEPT,FIRST_VALUE,FUNCTION,GENERATED,GROUPING,GROUPS,INTERSECT," +
	"JSON_TABLE,LAG,LAST_VALUE,LATERAL,LEAD,NTH_VALUE,NTILE,OF,OPTIMIZER_COSTS,OVER,PARALLEL,PERCENT_RANK,QUALIFY,RANK,RECURSIVE," +
	"ROW,ROWS,ROW_NUMBER,STORED,SYSTEM,TABLESAMPLE,VIRTUAL,WINDOW,MANUAL,LIBRARY")

// adaptPartitions rewrites PARTITION BY, or leaves it out where the target has no such partitions: the rows stay the same.
func (a *adapter) adaptPartitions(t *tableText) {
	if t.partition >= t.end {
		return
	}
	if why := a.lacksPartitions(t); why != "" {
		a.drop(t.partition, t.end)
		a.note("", "PARTITION BY left out: %s", why)
		return
	}
	for i := t.partition; i < t.end; i++ {
		tok := a.tokens[i]
		if tok.Kind != Word {
			continue
		}
		next := Skip(a.tokens, i+1)
		switch {
		case (tok.Is("DATA") || tok.Is("INDEX")) && next < t.end && a.tokens[next].Is("DIRECTORY"):
			a.dropPartitionOption(t, i, next, "option "+strings.ToUpper(string(tok.Text))+" DIRECTORY of partitions left out")
		case tok.Is("TABLESPACE") && (a.crossKind() || a.to.Number < a.from.Number || a.to.Managed):
			a.dropPartitionOption(t, i, i, "option TABLESPACE of partitions left out")
		case tok.Is("NODEGROUP") && a.crossKind():
			a.dropPartitionOption(t, i, i, "option NODEGROUP of partitions left out")
		case reservedSince8[strings.ToUpper(string(tok.Text))] && a.reservesMore() && a.isPartitionName(t, i):
			a.replace(i, quoteName(string(tok.Text)))
			a.note("", "name %s in PARTITION BY is quoted: it is a keyword on the target", tok.Text)
		}
	}
}

// reservesMore reports whether the target has keywords that the source, which prints such names bare, does not have.
func (a *adapter) reservesMore() bool {
	return !a.from.isMariaDB() && a.from.Number < 80000 && !(a.to.mysqlBefore(80000) && !a.to.isMariaDB())
}

// lacksPartitions says why the target cannot have the table's partitions, "" when it can.
func (a *adapter) lacksPartitions(t *tableText) string {
	for i := t.partition; i < t.end; i++ {
		tok := a.tokens[i]
		if tok.Kind != Word {
			continue
		}
		if tok.Is("SYSTEM_TIME") && a.to.lacksVersioning() {
			return "the target has no SYSTEM VERSIONING"
		}
		if tok.Is("DEFAULT") && a.to.mariadbBefore(100200) {
			return "the target has no DEFAULT partition"
		}
		if v, ok := Match(a.tokens, i, "ALGORITHM", "="); ok {
			if v = Skip(a.tokens, v); v < t.end && a.tokens[v].Kind == Word && a.to.mariadbBefore(110000) {
				return "the target has no such partition function"
			}
		}
	}
	return ""
}

// dropPartitionOption leaves out NAME = value; last is the last word of the name.
func (a *adapter) dropPartitionOption(t *tableText, first, last int, what string) {
	v := Skip(a.tokens, last+1)
	if v < t.end && a.tokens[v].Is("=") {
		v = Skip(a.tokens, v+1)
	}
	a.drop(first, min(v+1, t.end))
	a.note("", "%s", what)
}

// isPartitionName reports whether a bare word names a column of the table, or a partition.
func (a *adapter) isPartitionName(t *tableText, i int) bool {
	if b := SkipBack(a.tokens, i-1); b >= 0 && (a.tokens[b].Is("PARTITION") || a.tokens[b].Is("SUBPARTITION")) {
		return true
	}
	n := Skip(a.tokens, i+1)
	return t.columns[strings.ToLower(string(a.tokens[i].Text))] != nil && (n >= t.end || !a.tokens[n].Is("("))
}
