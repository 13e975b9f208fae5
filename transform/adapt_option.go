package transform

import (
	"slices"
	"strconv"
	"strings"
)

// optionsOfMySQL are table options that MariaDB refuses, with the version of MySQL that brought them.
var optionsOfMySQL = map[string]int{
	"ENCRYPTION": 50711, "COMPRESSION": 50708, "AUTOEXTEND_SIZE": 80023, "ENGINE_ATTRIBUTE": 80021,
	"SECONDARY_ENGINE_ATTRIBUTE": 80021, "SECONDARY_ENGINE": 80013, "SECONDARY_LOAD": 80013,
}

// optionsOfMariaDB are table options that MySQL refuses; those in backticks are MariaDB's engines' own.
var optionsOfMariaDB = setOf("PAGE_CHECKSUM,TRANSACTIONAL,PAGE_COMPRESSED,PAGE_COMPRESSION_LEVEL,ENCRYPTED,ENCRYPTION_KEY_ID," +
	"IETF_QUOTES,SEQUENCE,WITH SYSTEM VERSIONING")

// adaptEngine chooses the engine: InnoDB for one that the target lacks, MyISAM where AUTO_INCREMENT is not first in its key.
func (a *adapter) adaptEngine(t *tableText) {
	o, ok := t.option("ENGINE")
	if !ok {
		return
	}
	name := a.tokens[o.value].Unquote(a.mode)
	engine := "InnoDB"
	switch {
	case !a.to.hasEngine(name):
		switch t.engine {
		case "mrg_myisam", "merge":
			a.refuse("", "engine %s does not exist on the target: make it a view", name)
		case "myisam", "aria", "maria":
			if a.hasSecondaryAutoIncrement(t) {
				engine = a.secondaryAutoIncrementEngine()
			}
		}
		a.note("", "engine %s becomes %s", name, engine)
	case t.partition < len(a.tokens) && t.engine == "myisam" && !a.to.mysqlBefore(80000):
		a.note("", "engine MyISAM becomes InnoDB: the target has partitions for InnoDB only")
	default:
		return
	}
	t.engine, t.engineChanged = strings.ToLower(engine), true
	a.replaceName(o.value, engine)
	for _, gone := range []string{"CONNECTION", "UNION", "INSERT_METHOD", "DATA DIRECTORY", "INDEX DIRECTORY"} {
		a.dropOption(t, gone, "")
	}
	for i := t.partition; i < t.end; i++ {
		if v, ok := Match(a.tokens, i, "ENGINE", "="); ok {
			a.replace(Skip(a.tokens, v), engine)
		}
	}
}

// hasSecondaryAutoIncrement reports whether no key starts with the AUTO_INCREMENT column, which InnoDB refuses.
func (a *adapter) hasSecondaryAutoIncrement(t *tableText) bool {
	auto := ""
	for i := range t.items {
		if t.items[i].kind != columnItem {
			continue
		}
		if c := a.parseColumn(&t.items[i]); c != nil && c.autoInc {
			auto = c.name
		}
	}
	if auto == "" {
		return false
	}
	for _, it := range t.items {
		if it.kind != primaryItem && it.kind != uniqueItem && it.kind != indexItem {
			continue
		}
		for i := it.keyword; i < it.end; i++ {
			if a.tokens[i].Is("(") {
				if strings.EqualFold(a.tokens[Skip(a.tokens, i+1)].Unquote(a.mode), auto) {
					return false
				}
				break
			}
		}
	}
	return true
}

func (a *adapter) secondaryAutoIncrementEngine() string {
	if a.to.hasEngine("MyISAM") {
		return "MyISAM"
	}
	a.refuse("", "AUTO_INCREMENT is not the first column of a key, which InnoDB does not have")
	return "InnoDB"
}

// adaptOptions leaves out or rewrites the options after the column list.
func (a *adapter) adaptOptions(t *tableText) {
	for _, o := range slices.Clone(t.options) {
		switch {
		case optionsOfMySQL[o.name] > 0 && a.to.mysqlBefore(optionsOfMySQL[o.name]):
			a.dropOption(t, o.name, "option "+a.text(o.start, o.end-1)+" left out")
		case o.name == "WITH SYSTEM VERSIONING" && a.to.lacksVersioning():
			a.dropOption(t, o.name, "WITH SYSTEM VERSIONING left out: current rows are moved, their history is not")
		case o.name == "SEQUENCE" && a.to.mariadbBefore(100300):
			a.refuse("", "it is a SEQUENCE, which the target does not have")
			a.dropOption(t, o.name, "")
		case (optionsOfMariaDB[o.name] || o.quoted) && !a.to.isMariaDB(),
			o.quoted && t.engineChanged:
			a.dropOption(t, o.name, "option "+a.text(o.start, o.end-1)+" left out")
		case (o.name == "TABLESPACE" || o.name == "STORAGE") && (a.crossKind() || a.to.Number < a.from.Number):
			a.dropOption(t, o.name, "option "+a.text(o.start, o.end-1)+" left out")
		case o.name == "DATA DIRECTORY" || o.name == "INDEX DIRECTORY": // a path of another machine
			a.dropOption(t, o.name, "option "+a.text(o.start, o.end-1)+" left out: the table is kept where the target keeps its tables")
		}
	}
	a.adaptManaged(t)
	a.adaptRowFormat(t)
}

// dropOption leaves out an option that is there, with a note unless what is empty.
func (a *adapter) dropOption(t *tableText, name, what string) {
	for i, o := range t.options {
		if o.name != name {
			continue
		}
		a.drop(o.start, o.end)
		t.options = append(t.options[:i:i], t.options[i+1:]...)
		if what != "" {
			a.note("", "%s", what)
		}
		return
	}
}

// adaptRowFormat leaves out a ROW_FORMAT or KEY_BLOCK_SIZE that InnoDB refuses under innodb_strict_mode.
func (a *adapter) adaptRowFormat(t *tableText) {
	if t.engine != "innodb" {
		if o, ok := t.option("ROW_FORMAT"); ok && !a.to.isMariaDB() && a.tokens[o.value].Is("PAGE") {
			a.dropOption(t, "ROW_FORMAT", "option ROW_FORMAT=PAGE left out")
		}
		return
	}
	format := ""
	if o, ok := t.option("ROW_FORMAT"); ok {
		format = strings.ToUpper(string(a.tokens[o.value].Text))
		switch format {
		case "DEFAULT", "COMPACT", "REDUNDANT", "DYNAMIC", "COMPRESSED":
		default:
			if a.to.isStrictInnoDB() || format == "PAGE" {
				a.dropOption(t, "ROW_FORMAT", "option ROW_FORMAT="+format+" left out: InnoDB does not have it")
				format = ""
			}
		}
	}
	if !a.to.isStrictInnoDB() {
		if !a.to.LargePrefix && (format == "DYNAMIC" || format == "COMPRESSED") && !a.from.sameServer(a.to) {
			a.note("", "ROW_FORMAT=%s acts as COMPACT while innodb_file_format is Antelope on the target", format)
		}
		return
	}
	o, ok := t.option("KEY_BLOCK_SIZE")
	if !ok {
		return
	}
	size, err := strconv.Atoi(a.tokens[o.value].Unquote(a.mode))
	switch {
	case err != nil || !slices.Contains([]int{0, 1, 2, 4, 8, 16}, size):
	case size != 0 && format != "" && format != "DEFAULT" && format != "COMPRESSED":
	default:
		return
	}
	a.dropOption(t, "KEY_BLOCK_SIZE", "option KEY_BLOCK_SIZE left out: InnoDB does not take it with this ROW_FORMAT or of this size")
}

// sameServer reports whether a target is of the origin's kind and version.
func (o Origin) sameServer(to Target) bool {
	return o.isMariaDB() == to.isMariaDB() && o.Number == to.Number
}
