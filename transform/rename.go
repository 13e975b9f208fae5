package transform

// Names maps schemas and tables (--schema-map, --table-map).
type Names struct {
	Schemas map[string]string
	Tables  map[[2]string][2]string
}

// Rename rewrites the names of schemas (and tables) in a statement, also in bodies of views, routines and triggers, by its tokens;
// strings and comments stay. current is the schema that unqualified names belong to.
func (n Names) Rename(stmt []byte, m Mode, current string) (out []byte, changed bool) {
	panic("skeleton")
}
