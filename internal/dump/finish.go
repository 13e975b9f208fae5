package dump

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/internal/store"
)

// Finish writes metadata in mydumper 1.0's form (real_table_name and rows for each table, coordinates of the manifest),
// restore.mysql where the preset asks for it, closes the journals and removes metadata.partial.
//
// Everything else is made durable before metadata is created, and metadata itself before it has its name: a crash of
// the machine cannot leave a metadata that promises more than the disk holds.
func (w *Writer) Finish(ctx context.Context, m *Manifest) error {
	if n := w.open.Load(); n != 0 {
		return fmt.Errorf("finish dump %s: %d chunk files are still open", w.store, n)
	}
	if err := w.finish(ctx, m); err != nil {
		return fmt.Errorf("finish dump %s: %w", w.store, err)
	}
	return nil
}

func (w *Writer) finish(ctx context.Context, m *Manifest) error {
	manifest, err := w.writeManifest(ctx, m)
	if err != nil {
		return err
	}
	var g errgroup.Group
	g.Go(w.tables.close)
	g.Go(w.chunks.close)
	if err := g.Wait(); err != nil {
		return err
	}
	sums := []fileSum{manifest, w.tables.sum(), w.chunks.sum()}
	if w.restore != nil {
		sum, err := w.restore.finish(ctx)
		if err != nil {
			return err
		}
		sums = append(sums, sum)
	}
	if err := syncStore(ctx, w.store); err != nil {
		return err
	}
	if err := w.writeMetadata(ctx, m, sums); err != nil {
		return err
	}
	for _, name := range []string{PartialMetadataName, PlanName} {
		if err := w.store.Remove(ctx, name); err != nil {
			return err
		}
	}
	return syncStore(ctx, w.store)
}

func syncStore(ctx context.Context, s store.Store) error {
	if syncer, ok := s.(store.Syncer); ok {
		return syncer.Sync(ctx)
	}
	return nil
}

// writeMetadata reads tables.jsonl again, so that 100,000 tables need not be in memory.
func (w *Writer) writeMetadata(ctx context.Context, m *Manifest, sums []fileSum) error {
	f, err := w.createNew(ctx, MetadataName)
	if err != nil {
		return err
	}
	defer f.Abort()
	started := m.Started
	if started.IsZero() {
		started = w.started
	}
	objects := readLines[Object](ctx, w.store, listing{name: TablesName})
	if err := writeMetadata(f, m, started, w.o, objects, sums); err != nil {
		return err
	}
	if s, ok := f.(store.Syncer); ok {
		if err := s.Sync(ctx); err != nil {
			return err
		}
	}
	return f.Close()
}

// writeMetadata writes the content of metadata.
func writeMetadata(w io.Writer, m *Manifest, started time.Time, o WriterOptions, objects iter.Seq2[*Object, error], sums []fileSum) error {
	hash := xxh3.New128()
	b := bufio.NewWriterSize(io.MultiWriter(w, hash), 64<<10)
	metadataHead(b, m, started, o)
	sequences := 0
	for o, err := range objects {
		if err != nil {
			return err
		}
		if o.Kind == KindSequence {
			sequences++
		}
		metadataObject(b, o)
	}
	metadataTail(b, sequences, sums)
	if err := b.Flush(); err != nil {
		return err
	}
	return writeSeal(w, hash, time.Now())
}
