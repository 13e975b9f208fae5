package transform

import "strings"

// Target is what the adaptation needs to know of the server that the SQL is for. An empty set means "not known": nothing is
// taken to be missing then.
type Target struct {
	Flavor            string          // "mysql" or "mariadb" or "percona"
	Number            int             // 50624, 101119, 90704
	Collations        map[string]bool // every collation that it has, lower case
	Charsets          map[string]bool
	Engines           map[string]bool // those it can create tables with, lower case
	ExplicitTimestamp bool            // explicit_defaults_for_timestamp is on in the session
	Managed           bool            // a provider runs it, and decides where files lie and how they are encrypted
	Aurora            bool            // it has InnoDB alone, and no compressed tables
	LargePrefix       bool            // of servers that limit an index to 767 bytes: ROW_FORMAT=DYNAMIC lifts that there
}

// NewTarget returns a Target. collations are the names of information_schema.COLLATIONS, charsets those of CHARACTER_SETS,
// engines those of ENGINES whose SUPPORT is YES or DEFAULT, in any case; variables are the session's, names in lower case.
// MariaDB's uca1400 collations stand there without a charset: the full names are added.
// The caller sets ExplicitTimestamp itself where it turned explicit_defaults_for_timestamp on in its sessions.
func NewTarget(flavor string, number int, collations, charsets, engines []string, variables map[string]string) Target {
	t := Target{
		Flavor: flavor, Number: number,
		Collations: lowerSet(collations), Charsets: lowerSet(charsets), Engines: lowerSet(engines),
		ExplicitTimestamp: isOn(variables["explicit_defaults_for_timestamp"]),
		LargePrefix: isOn(variables["innodb_large_prefix"]) && isOn(variables["innodb_file_per_table"]) &&
			!strings.EqualFold(variables["innodb_file_format"], "antelope"),
	}
	for name := range strings.SplitSeq(variables["disabled_storage_engines"], ",") {
		delete(t.Engines, strings.ToLower(strings.TrimSpace(name)))
	}
	for _, name := range collations {
		name = strings.ToLower(name)
		if !strings.HasPrefix(name, "uca1400_") {
			continue
		}
		for _, charset := range []string{"utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32"} {
			t.Collations[charset+"_"+name] = true
		}
	}
	return t
}

func lowerSet(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[strings.ToLower(n)] = true
	}
	return set
}

func isOn(value string) bool { return value == "1" || strings.EqualFold(value, "on") }

// HasCharset reports whether the target can hold text in this character set; utf8 and utf8mb3 are one.
func (t Target) HasCharset(name string) bool {
	return len(t.Charsets) == 0 || spelled(strings.ToLower(name), t.Charsets) != ""
}

// Charset is what the target calls a character set, in lower case; one that it lacks keeps its name.
func (t Target) Charset(name string) string {
	name = strings.ToLower(name)
	if there := spelled(name, t.Charsets); there != "" {
		return there
	}
	return name
}

func (t Target) isMariaDB() bool { return t.Flavor == "mariadb" }

// mysqlBefore reports whether the target is no MySQL of this version or newer, also when it is a MariaDB.
func (t Target) mysqlBefore(number int) bool { return t.isMariaDB() || t.Number < number }

// mariadbBefore reports whether the target is no MariaDB of this version or newer, also when it is a MySQL.
func (t Target) mariadbBefore(number int) bool { return !t.isMariaDB() || t.Number < number }

// before reports whether the target is older than these versions of its own kind.
func (t Target) before(mysql, mariadb int) bool {
	return t.mysqlBefore(mysql) && t.mariadbBefore(mariadb)
}

// quotesBinary reports a grammar in which COLLATE takes the word binary, a type, only as a quoted name.
func (t Target) quotesBinary() bool           { return t.isMariaDB() || t.mysqlBefore(80000) }
func (t Target) lacksGenerated() bool         { return t.before(50706, 50200) }
func (t Target) lacksExpressionDefault() bool { return t.before(80013, 100201) }
func (t Target) lacksCheck() bool             { return t.before(80016, 100201) }
func (t Target) lacksInvisibleColumn() bool   { return t.before(80023, 100303) }
func (t Target) lacksInvisibleIndex() bool    { return t.before(80000, 100600) }
func (t Target) lacksDescendingIndex() bool   { return t.before(80000, 100801) }
func (t Target) lacksVersioning() bool        { return t.mariadbBefore(100303) }

// limitsIndexTo767 reports whether InnoDB refuses longer index parts unless told otherwise (innodb_large_prefix).
func (t Target) limitsIndexTo767() bool { return t.before(50707, 100202) }

// isStrictInnoDB reports whether InnoDB refuses table options that it cannot follow (innodb_strict_mode is on by default).
func (t Target) isStrictInnoDB() bool { return !t.before(50707, 100202) }

// hasEngine reports whether tables can be created with an engine.
func (t Target) hasEngine(name string) bool {
	if t.Aurora {
		return strings.EqualFold(name, "innodb")
	}
	if len(t.Engines) == 0 {
		return true
	}
	name = strings.ToLower(name)
	if t.Engines[name] {
		return true
	}
	switch name {
	case "merge", "mrg_myisam":
		return t.Engines["mrg_myisam"] || t.Engines["merge"]
	case "memory", "heap":
		return t.Engines["memory"] || t.Engines["heap"]
	case "aria", "maria":
		return t.Engines["aria"]
	case "innodb", "innobase":
		return t.Engines["innodb"]
	}
	return false
}
