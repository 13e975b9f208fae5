package mydumper

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/foreign"
)

// metadataName is what a whole dump says of itself; metadata.partial is that of one that did not finish.
const metadataName = "metadata"

// file is one file of the dump.
type file struct {
	name string // as it is stored, "shop.orders.00000.sql.gz"
	size int64
}

// schemaFiles are the files of one schema.
type schemaFiles struct {
	part     string // of file names: the schema's name or an alias
	create   string
	post     string
	triggers string // of all its tables: 1.0 has one file a schema
	tables   map[string]*tableFiles
}

// tableFiles are the files of a table, view or sequence.
type tableFiles struct {
	part     string // of file names
	create   string
	view     string
	sequence string
	triggers string
	count    string // 0.11 to 0.13: a file with the number of rows
	data     []dataFile
}

// dataFile is a file of rows.
type dataFile struct {
	order     [2]int // part and sub-part of its name
	stem      string // its name up to the extension
	sql, rows string // INSERT statements or LOAD DATA, and the file that LOAD DATA reads
	size      int64  // stored, of both
}

// layout sorts files to the objects whose they are.
type layout struct {
	schemas map[string]*schemaFiles
}

// definitionSuffixes end the names of definitions.
var definitionSuffixes = []string{"-schema-create.sql", "-schema-post.sql", "-schema-triggers.sql", "-schema-view.sql", "-schema-sequence.sql", "-schema.sql"}

// newLayout understands the names of all files.
func newLayout(files []file) (*layout, error) {
	l := &layout{schemas: map[string]*schemaFiles{}}
	var rest []file
	for _, f := range files { // schemas first: a name with a dot is told by them
		if part, ok := strings.CutSuffix(foreign.PlainName(f.name), "-schema-create.sql"); ok {
			l.schema(part).create = f.name
		} else {
			rest = append(rest, f)
		}
	}
	var data []file
	var others []string
	for _, f := range rest {
		plain := foreign.PlainName(f.name)
		suffix := ""
		for _, s := range definitionSuffixes {
			if strings.HasSuffix(plain, s) {
				suffix = s
				break
			}
		}
		switch {
		case suffix != "":
			if err := l.definition(f.name, strings.TrimSuffix(plain, suffix), suffix); err != nil {
				return nil, err
			}
		case strings.HasSuffix(plain, "-schema-create-tablespace.sql"): // servers make their files themselves
		case strings.HasSuffix(plain, ".sql"), strings.HasSuffix(plain, ".dat"):
			data = append(data, f)
		case strings.HasSuffix(plain, "-metadata") && strings.Contains(plain, "."):
			l.table(strings.TrimSuffix(plain, "-metadata")).count = f.name
		default:
			others = append(others, f.name)
		}
	}
	for _, f := range data {
		if err := l.addData(f); err != nil {
			return nil, err
		}
	}
	if err := l.checkOthers(others); err != nil {
		return nil, err
	}
	for _, s := range l.schemas {
		for _, t := range s.tables {
			slices.SortFunc(t.data, func(a, b dataFile) int { return slices.Compare(a.order[:], b.order[:]) })
		}
	}
	return l, nil
}

// checkOthers refuses files that may hold rows and are in no form of mydumper's. Others, such as logs, are no part of the dump.
func (l *layout) checkOthers(names []string) error {
	for _, name := range names {
		schema, table := l.split(name)
		if l.schemas[schema] == nil || table == "" || strings.HasSuffix(foreign.PlainName(name), "-checksum") || strings.HasSuffix(foreign.PlainName(name), ".log") {
			continue
		}
		return fmt.Errorf("%w: file %s is in no form of mydumper's", foreign.ErrDump, name)
	}
	return nil
}

func (l *layout) schema(part string) *schemaFiles {
	s := l.schemas[part]
	if s == nil {
		s = &schemaFiles{part: part, tables: map[string]*tableFiles{}}
		l.schemas[part] = s
	}
	return s
}

// split cuts "schema.table". A schema whose own file is there may have dots.
func (l *layout) split(base string) (schema, table string) {
	for i, c := range base {
		if c == '.' {
			if s := l.schemas[base[:i]]; s != nil && s.create != "" {
				schema, table = base[:i], base[i+1:]
			}
		}
	}
	if schema == "" {
		schema, table, _ = strings.Cut(base, ".")
	}
	return schema, table
}

func (l *layout) table(base string) *tableFiles {
	schema, name := l.split(base)
	s := l.schema(schema)
	t := s.tables[name]
	if t == nil {
		t = &tableFiles{part: name}
		s.tables[name] = t
	}
	return t
}

// definition takes up a file of definitions.
func (l *layout) definition(name, base, suffix string) error {
	ofSchema := !strings.Contains(base, ".") || l.schemas[base] != nil && l.schemas[base].create != ""
	var place *string
	switch suffix {
	case "-schema-post.sql":
		place = &l.schema(base).post
	case "-schema-triggers.sql":
		if ofSchema {
			place = &l.schema(base).triggers
		} else {
			place = &l.table(base).triggers
		}
	case "-schema-view.sql":
		place = &l.table(base).view
	case "-schema-sequence.sql":
		place = &l.table(base).sequence
	default:
		place = &l.table(base).create
	}
	if ofSchema && suffix != "-schema-post.sql" && suffix != "-schema-triggers.sql" {
		return fmt.Errorf("%w: the name of file %s has no schema and table", foreign.ErrDump, name)
	}
	if *place != "" {
		return fmt.Errorf("%w: files %s and %s are of the same object", foreign.ErrDump, *place, name)
	}
	*place = name
	return nil
}

// addData takes up a file of rows: schema.table[.part[.sub-part]].{sql,dat}.
func (l *layout) addData(f file) error {
	name := f.name
	plain := foreign.PlainName(name)
	dot := strings.LastIndexByte(plain, '.')
	stem, extension := plain[:dot], plain[dot+1:]
	if !strings.Contains(stem, ".") {
		return fmt.Errorf("%w: the name of file %s has no schema and table", foreign.ErrDump, name)
	}
	t, order := l.ofData(stem)
	if t == nil {
		return fmt.Errorf("%w: file %s has rows of a table whose definition (-schema.sql) is missing", foreign.ErrDump, name)
	}
	i := slices.IndexFunc(t.data, func(d dataFile) bool { return d.stem == stem })
	if i < 0 {
		i = len(t.data)
		t.data = append(t.data, dataFile{order: order, stem: stem})
	}
	t.data[i].size += f.size
	place := &t.data[i].sql
	if extension == "dat" {
		place = &t.data[i].rows
	}
	if *place != "" {
		return fmt.Errorf("%w: files %s and %s are the same", foreign.ErrDump, *place, name)
	}
	*place = name
	return nil
}

// ofData finds the table of a data file by its name without extension: numbers at its end are part and sub-part.
func (l *layout) ofData(stem string) (*tableFiles, [2]int) {
	var order [2]int
	base := stem
	for numbers := 0; ; numbers++ {
		schema, name := l.split(base)
		if s := l.schemas[schema]; s != nil && s.tables[name] != nil && s.tables[name].create != "" {
			return s.tables[name], order
		}
		dot := strings.LastIndexByte(base, '.')
		n, ok := number(base[dot+1:])
		if dot < 0 || !ok || numbers == 2 {
			return nil, order
		}
		order = [2]int{n, order[0]}
		base = base[:dot]
	}
}

// number reads the digits of a file's name.
func number(s string) (n int, ok bool) {
	for _, c := range s {
		if c < '0' || c > '9' || n > 1<<40 {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, s != ""
}
