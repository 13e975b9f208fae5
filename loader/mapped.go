package loader

import (
	"slices"

	"github.com/gomove/gomove/internal/dump"
)

// needSchema notes that something goes into a schema, and that it must be made where --table-map names one that is none of the dump's.
func (l *load) needSchema(schema, from string) {
	l.needed[schema] = true
	if schema == l.mapSchema(from) {
		return
	}
	if !slices.Contains(l.mapped[from], schema) {
		l.mapped[from] = append(l.mapped[from], schema)
	}
	if !slices.Contains(l.schemas, schema) {
		l.schemas = append(l.schemas, schema)
	}
}

// fillsSchema reports whether a schema of the dump is made: not where --table-map takes away all that would go there.
func (l *load) fillsSchema(o *dump.Object, schema string) bool {
	if len(l.o.Names.Tables) == 0 || l.fed != nil && !l.fed.whole() {
		return true
	}
	return l.needed[schema] || len(l.mapped[o.Schema]) == 0 || len(o.Routines)+len(o.Events) > 0
}

// progressSchema is a schema of the target for the progress table.
func (l *load) progressSchema() (name string, ok bool) {
	if i := slices.IndexFunc(l.schemas, func(s string) bool { return l.needed[s] }); i >= 0 {
		return l.schemas[i], true
	}
	if len(l.schemas) == 0 {
		return "", false
	}
	return l.schemas[0], true
}
