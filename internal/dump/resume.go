package dump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/store"
)

// ResumeWriter takes up an unfinished dump: u.Chunks stay, every other chunk file and all else is written anew. u is nil where
// nothing was kept. Each of the chunks has to be given to Keep.
func ResumeWriter(ctx context.Context, s store.Store, o WriterOptions, u *Unfinished) (*Writer, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	w := newWriter(s, o.WithDefaults())
	if u == nil {
		u = &Unfinished{}
	} else {
		w.started = u.Manifest.Started
	}
	for _, l := range u.Tables {
		w.names.take(l)
	}
	err := w.clear(ctx, u)
	if err == nil {
		err = w.writeFile(ctx, PartialMetadataName, []byte(startedLine(w.started)))
	}
	if err == nil {
		err = w.begin(ctx, false)
	}
	if err != nil {
		w.Abandon()
		return nil, fmt.Errorf("resume dump %s: %w", s, err)
	}
	return w, nil
}

// clear leaves of an unfinished dump the chunks that are kept, and their lines. Lines go before files: a run that ends in
// between leaves no line without its file.
func (w *Writer) clear(ctx context.Context, u *Unfinished) error {
	keep := map[string]bool{}
	for _, c := range u.Chunks {
		keep[c.File] = true
		if c.Script != "" {
			keep[c.Script] = true
		}
	}
	if err := writeLines(ctx, w.store, ChunksName, slices.Values(u.Chunks)); err != nil {
		return err
	}
	var remove []string
	for info, err := range w.store.List(ctx, "") {
		if err != nil {
			return err
		}
		if !keep[info.Name] && w.ours(info.Name, u) {
			remove = append(remove, info.Name)
		}
	}
	for _, name := range remove {
		if err := w.store.Remove(ctx, name); err != nil {
			return err
		}
	}
	for _, name := range w.journals() {
		if err := w.writeFile(ctx, name, nil); err != nil { // a store may hold a journal in parts, which Remove does not find
			return err
		}
	}
	if t, ok := w.store.(interface{ RemoveTemporary(context.Context) error }); ok {
		return t.RemoveTemporary(ctx)
	}
	return nil
}

// journals are those that begin anew.
func (w *Writer) journals() []string {
	names := []string{TablesName}
	if w.o.For == ForMySQL {
		r := newRestoreScript(w.store)
		for i := range r.journals {
			names = append(names, r.journals[i].name)
		}
	}
	return names
}

// ours reports whether a file is one that is written anew: of rows, or a part of restore.mysql.
func (w *Writer) ours(name string, u *Unfinished) bool {
	if strings.HasPrefix(name, RestoreName) {
		return true
	}
	schema, rest, _ := strings.Cut(name, ".")
	table, rest, _ := strings.Cut(rest, ".")
	number, _, dot := strings.Cut(rest, ".")
	return dot && len(number) >= 5 && strings.Trim(number, "0123456789") == "" && u.hasBase(schema+"."+table)
}

// Keep adds a chunk of the interrupted run to what this one writes. o is its table.
func (w *Writer) Keep(ctx context.Context, o *Object, c *Chunk) error {
	if w.parts != nil {
		w.parts.add(c)
	}
	if w.restore == nil {
		return nil
	}
	return w.restore.chunk(ctx, o, c)
}

// take gives a table the names that it had in an earlier run.
func (n *names) take(l *PlanLine) {
	schema, table, _ := strings.Cut(l.Base, ".")
	n.takePart(l.Schema, "", l.Schema, schema)
	n.takePart(l.Schema, l.Name, l.Name, table)
}

func (n *names) takePart(schema, table, name, part string) {
	if part != name {
		n.aliases[[2]string{schema, table}] = part
		return
	}
	n.part(schema, table, name)
}

// rehash adds what a journal holds already to its checksum.
func (s *sumJournal) rehash(ctx context.Context, from store.Store) error {
	f, err := from.Open(ctx, s.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(s.hash, f)
	return errors.Join(err, f.Close())
}
