package mysqldump

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
)

// idKind goes into the id of a file with what decides on the numbers of its chunks.
const idKind = "mysqldump file, chunks 1"

// survey reads the whole file once: what it defines, how many rows its tables have and where their last ones are.
func (f *Feed) survey(ctx context.Context) error {
	if err := f.open(); err != nil {
		return err
	}
	for ctx.Err() == nil {
		it, err := f.session.script.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = f.surveyItem(ctx, &it)
		}
		if err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := f.checkEnd(); err != nil {
		return err
	}
	f.want = f.hash.Sum128()
	id := foreign.NewID(idKind)
	id.Add(f.o.Into)
	id.AddNumber(f.o.ChunkBytes)
	id.Add(fmt.Sprintf("%x", f.want.Bytes()))
	f.manifest = f.facts.manifest(id.String())
	return f.closeFile()
}

func (f *Feed) surveyItem(ctx context.Context, it *item) error {
	if it.insert == nil {
		return f.session.statement(it)
	}
	t, err := f.objects.rowsOf(ctx, f.session, it)
	if err != nil {
		return f.session.script.at(it.line, err)
	}
	if t != nil {
		if err := f.objects.checkFires(t); err != nil {
			return f.session.script.at(it.line, err)
		}
		t.last = it.offset
	}
	n := 0
	err = f.session.script.rows(func(raw []byte, _ int) error {
		f.rowBytes += int64(len(raw))
		if n++; n%1024 == 0 {
			return ctx.Err()
		}
		return nil
	})
	if t != nil {
		t.object.Rows += int64(n)
		t.object.Estimated = t.object.Rows
	}
	return err
}

// checkEnd tells a whole file from one that was cut off.
func (f *Feed) checkEnd() error {
	warning, err := f.facts.whole(f.o.Name)
	if err == nil {
		err = f.objects.checkWhole()
	}
	if err == nil && !f.facts.commented && !f.facts.saved && f.objects.none() {
		return fmt.Errorf("%s: %w: no statement is in it", f.o.Name, foreign.ErrCut)
	}
	if err != nil {
		return err
	}
	if warning != "" {
		f.o.warn(warning)
	}
	return nil
}

// replay reads a file again that was surveyed: first its objects, then the rows.
func (f *Feed) replay(ctx context.Context) error {
	for _, o := range f.objects.order {
		if o.Kind == dump.KindTable {
			t := f.objects.tables[[2]string{o.Schema, o.Name}]
			if t.columns == nil {
				if err := t.chooseAll(defaultCharset); err != nil {
					return fmt.Errorf("%s: %w", f.o.Name, err)
				}
			}
		}
		if err := f.emit(ctx, dump.Event{Object: o}); err != nil {
			return err
		}
	}
	for _, v := range f.objects.views {
		if err := f.emit(ctx, dump.Event{Object: v.object}); err != nil {
			return err
		}
	}
	for _, o := range f.objects.order {
		if t := f.objects.tables[[2]string{o.Schema, o.Name}]; o.Kind == dump.KindTable && t.last < 0 {
			if err := f.finish(ctx, t); err != nil {
				return err
			}
		}
	}
	if err := f.open(); err != nil {
		return err
	}
	for {
		it, err := f.session.script.next()
		if errors.Is(err, io.EOF) {
			return f.unchanged()
		}
		if err == nil {
			err = f.replayItem(ctx, &it)
		}
		if err != nil {
			return err
		}
	}
}

// replayItem gives the rows of an INSERT; of other statements only the settings count now.
func (f *Feed) replayItem(ctx context.Context, it *item) error {
	if it.insert == nil {
		if f.objects.unsafe.at[it.offset] {
			return f.giveStatement(ctx, it)
		}
		tokens := significantStart(it.text[:min(len(it.text), maxShort)], it.mode)
		switch {
		case len(tokens) > 0 && tokens[0].Is("SET"):
			_ = f.session.script.env.Set(it.text, it.mode) // it was looked at in the survey
		case len(tokens) == 2 && tokens[0].Is("USE"):
			f.session.schema = f.session.name(tokens[1].Unquote(it.mode))
		}
		return ctx.Err()
	}
	t, err := f.objects.rowsOf(ctx, f.session, it)
	if err != nil {
		return f.session.script.at(it.line, err)
	}
	if t == nil {
		return f.session.script.rows(func([]byte, int) error { return nil })
	}
	if err := f.fill(ctx, t); err != nil {
		return err
	}
	if it.offset == t.last {
		return f.finish(ctx, t)
	}
	return nil
}

// unchanged refuses a file that is another one than was surveyed.
func (f *Feed) unchanged() error {
	if f.hash.Sum128() != f.want {
		return fmt.Errorf("%s: %w: it was changed while it was read", f.o.Name, foreign.ErrDump)
	}
	return nil
}
