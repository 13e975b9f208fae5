package loader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/gomove/gomove/internal/mysql"
)

// atOnce sends all that comes before the COMMIT of several chunks in one round trip, and looks at the answer to each statement. ok is
// false where that cannot be done, and nothing was sent.
func (w *writer) atOnce(ctx context.Context, all []work, read *atomic.Int64) (ok bool, err error) {
	if w.onMoment != nil || w.o.Via == ViaLocalInfile {
		return false, nil
	}
	queries := []string{"START TRANSACTION", w.journal.claim(all...)}
	size := len(queries[1])
	for _, one := range all {
		if one.t.enums || w.pulls(one) {
			return false, nil
		}
		text, err := w.insertText(ctx, one, read)
		if err != nil {
			return false, err
		}
		if size += len(text); size > min(insertBytes, w.server.Facts.MaxAllowedPacket-packetSlack) {
			return false, nil
		}
		queries = append(queries, text)
	}
	if err := w.s.strict(ctx, true); err != nil {
		return false, err
	}
	rows, err := mysql.Several(context.WithoutCancel(ctx), w.s.Conn, queries) // KillOnDone watches ctx
	if errors.Is(err, mysql.ErrOneByOne) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	return true, errors.Join(inAtOnce(rows, all), rows.Close())
}

// inAtOnce holds the answers against the dump: as many rows as each chunk has, and no warning.
func inAtOnce(rows *mysql.RowReader, all []work) error {
	for i := range len(all) + 2 {
		columns, err := rows.NextResult()
		if err != nil {
			return err
		}
		if i < 2 { // START TRANSACTION and the claim
			continue
		}
		if got := rows.OK(); columns != 0 || int64(got.Affected) != all[i-2].c.Rows || got.Warnings != 0 {
			return fmt.Errorf("%s: %w", all[i-2].c.File, errAlone)
		}
	}
	if _, err := rows.NextResult(); !errors.Is(err, io.EOF) {
		return errors.Join(errAlone, err)
	}
	return nil
}

// insertText is the INSERT of all rows of a small chunk.
func (w *writer) insertText(ctx context.Context, one work, read *atomic.Int64) (text string, err error) {
	file, err := w.from.OpenChunk(ctx, one.c)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	r := &chunkReader{r: file, read: read, bytes: &w.counters.Bytes}
	in := newInserter(w, one.t)
	reader := w.rowReader(one, r)
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		if in.rows > 0 {
			in.buf = append(in.buf, ',')
		}
		in.buf = in.append(in.buf, row)
		in.rows++
	}
	if r.err != nil || !r.ended || in.rows != one.c.Rows || in.rows == 0 {
		return "", errors.Join(errAlone, r.err)
	}
	return string(in.buf), nil
}
