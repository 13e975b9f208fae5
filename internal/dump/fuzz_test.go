package dump

import (
	"os"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/store"
)

// FuzzReaderJSON puts anything into the files that describe a dump: the reader must refuse or read them, and never
// reach out of the dump's directory.
func FuzzReaderJSON(f *testing.F) {
	manifest := `{"format":1,"id":"x","rows":"csv","compression":"none"}`
	table := `{"kind":"table","schema":"s","name":"t","base":"s.t","rows":1,"files":["s.t-schema.sql"],"columns":[{"name":"a","encoding":"plain"}]}`
	chunk := `{"schema":"s","table":"t","file":"s.t.00000.csv","rows":1,"bytes":2,"stored":2,"file_sum":"00000000000000000000000000000000","row_sum":"00000000000000000000000000000000"}`
	f.Add(manifest, table+"\n", chunk+"\n", "# Finished dump at: x\n")
	f.Add(manifest, strings.Replace(table, "s.t-schema.sql", "../x", 1)+"\n", strings.Replace(chunk, "s.t.00000", "../../etc/x", 1)+"\n", "# Finished dump at: x\n")
	f.Add(`{"format":2}`, "null\n", "[]\n", sumPrefix+"0  tables.jsonl\n# Finished dump at: x\n")
	f.Fuzz(func(t *testing.T, manifest, tables, chunks, metadata string) {
		dir := t.TempDir()
		for name, text := range map[string]string{ManifestName: manifest, TablesName: tables, ChunksName: chunks, MetadataName: metadata,
			"s.t-schema.sql": "CREATE TABLE t (a int);\n", "s.t.00000.csv": "1\n"} {
			check(t, os.WriteFile(dir+"/"+name, []byte(text), 0o600))
		}
		s, err := store.NewDir(dir, store.ReadOnly)
		check(t, err)
		r, err := Open(t.Context(), s)
		if err != nil {
			return
		}
		_ = r.Check(t.Context())
		for o, err := range r.Objects(t.Context()) {
			if err == nil {
				for _, name := range append(o.Files, o.Base) {
					check(t, store.CheckName(name))
				}
			}
		}
		for c, err := range r.Chunks(t.Context()) {
			if err != nil {
				continue
			}
			check(t, store.CheckName(c.File))
			if in, err := r.OpenChunk(t.Context(), c); err == nil {
				rows := NewCSVReader(in, 1, 1<<10)
				for err == nil {
					_, err = rows.Read()
				}
				check(t, in.Close())
			}
		}
	})
}
