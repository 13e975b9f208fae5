package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3 cannot append. A journal chunks.jsonl is a row of batches there, chunks/00000000.jsonl and on. The last one is written anew
// with each record until it is full, and Close joins them to the one object that a reader expects.

// batchBytes is when a batch is full: small, as it is sent again with each record.
const batchBytes = 32 << 10

const journalExt = ".jsonl"

// batchPrefix is where the batches of a journal are, within the store's prefix.
func batchPrefix(name string) string {
	if stem, ok := strings.CutSuffix(name, journalExt); ok {
		return stem + "/"
	}
	return name + ".batches/"
}

func batchName(name string, n int) string {
	return fmt.Sprintf("%s%08d%s", batchPrefix(name), n, journalExt)
}

// s3Journal is an open journal. Records that are appended at the same time share a request.
type s3Journal struct {
	s    *S3
	name string

	mu      sync.Mutex
	pending *group // records that wait for the request that is under way
	sending bool
	batch   []byte // the records of the open batch, as S3 has it
	number  int
	err     error
	closed  bool
}

// group is records that are sent together.
type group struct {
	text []byte
	done chan struct{}
	err  error
}

// Journal opens or creates a journal; a torn last record is cut off.
func (s *S3) Journal(ctx context.Context, name string) (Journal, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	j := &s3Journal{s: s, name: name}
	if err := j.reopen(ctx); err != nil {
		return nil, fmt.Errorf("journal %s: %w", s.path(name), err)
	}
	return j, nil
}

// reopen makes batches of an object that an earlier Close has joined, which holds all that its batches did.
func (j *s3Journal) reopen(ctx context.Context) error {
	whole, err := j.s.read(ctx, j.s.prefix+j.name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	batches, err := j.s.batches(ctx, j.name)
	if err != nil {
		return err
	}
	j.number = len(batches)
	if whole == nil {
		return nil
	}
	if err := errors.Join(j.s.removeAll(ctx, batches), j.cutTorn(ctx, whole)); err != nil {
		return err
	}
	j.number = 1
	return j.s.Remove(ctx, j.name)
}

// cutTorn writes the whole records of r as the first batch.
func (j *s3Journal) cutTorn(ctx context.Context, r io.ReadCloser) (err error) {
	defer func() { err = errors.Join(err, r.Close()) }()
	f := &s3File{s: j.s, ctx: ctx, name: batchName(j.name, 0)}
	var line []byte
	buf := make([]byte, aheadBlock)
	for {
		n, err := r.Read(buf)
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			if _, err := f.Write(line); err != nil {
				f.Abort()
				return err
			}
			if _, err := f.Write(buf[:i+1]); err != nil {
				f.Abort()
				return err
			}
			line = append(line[:0], buf[i+1:n]...)
		} else {
			line = append(line, buf[:n]...)
		}
		if errors.Is(err, io.EOF) {
			return f.Close()
		}
		if err != nil {
			f.Abort()
			return err
		}
	}
}

// Append adds a record and returns once S3 has it.
func (j *s3Journal) Append(ctx context.Context, record []byte) error {
	if bytes.IndexByte(record, '\n') >= 0 {
		return fmt.Errorf("journal %s: record holds a newline", j.s.path(j.name))
	}
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return fmt.Errorf("journal %s: %w", j.s.path(j.name), os.ErrClosed)
	}
	if j.pending == nil {
		j.pending = &group{done: make(chan struct{})}
	}
	g := j.pending
	g.text = append(append(g.text, record...), '\n')
	lead := !j.sending
	j.sending = true
	j.mu.Unlock()
	if lead {
		j.send(ctx)
	}
	<-g.done
	return g.err
}

// send writes the records that wait, and those that come meanwhile.
func (j *s3Journal) send(ctx context.Context) {
	for {
		j.mu.Lock()
		g := j.pending
		j.pending = nil
		if g == nil {
			j.sending = false
			j.mu.Unlock()
			return
		}
		j.mu.Unlock()
		g.err = j.write(ctx, g.text)
		close(g.done)
	}
}

// write sends the open batch with text at its end. Only one is under way.
func (j *s3Journal) write(ctx context.Context, text []byte) error {
	if j.err != nil {
		return j.err
	}
	j.batch = append(j.batch, text...)
	if j.err = j.s.put(ctx, batchName(j.name, j.number), j.batch, false); j.err != nil {
		return j.err // whether S3 has the records is not known: nothing more is appended
	}
	if len(j.batch) >= batchBytes {
		j.batch = j.batch[:0]
		j.number++
	}
	return nil
}

// Close joins the batches to one object.
func (j *s3Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil
	}
	j.closed = true
	if j.err != nil {
		return nil // it was returned by Append; the batches stay
	}
	ctx := context.Background()
	if j.number == 0 && len(j.batch) > 0 { // all of it is at hand
		if err := j.s.put(ctx, j.name, j.batch, false); err != nil {
			return err
		}
		return j.s.removeAll(ctx, []string{j.s.prefix + batchName(j.name, 0)})
	}
	batches, err := j.s.batches(ctx, j.name)
	if err != nil {
		return err
	}
	r := j.s.readBatches(ctx, batches)
	f := &s3File{s: j.s, ctx: ctx, name: j.name}
	if _, err := io.Copy(f, r); err != nil {
		f.Abort()
		return errors.Join(err, r.Close())
	}
	if err := errors.Join(f.Close(), r.Close()); err != nil {
		return err
	}
	return j.s.removeAll(ctx, batches)
}

// batches lists the keys of a journal's batches in their order.
func (s *S3) batches(ctx context.Context, name string) ([]string, error) {
	var keys []string
	for info, err := range s.list(ctx, s.prefix+batchPrefix(name), func(key string) (string, bool) { return key, true }) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, info.Name)
	}
	return keys, nil
}

// deleteAtOnce is the most that S3 takes.
const deleteAtOnce = 1000

func (s *S3) removeAll(ctx context.Context, keys []string) error {
	for len(keys) > 0 {
		n := min(len(keys), deleteAtOnce)
		ids := make([]types.ObjectIdentifier, n)
		for i, k := range keys[:n] {
			ids[i].Key = aws.String(k)
		}
		keys = keys[n:]
		out, err := s.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &s.bucket, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)}})
		if err != nil {
			return s.explain("remove batches under", s.String(), err)
		}
		if len(out.Errors) > 0 {
			e := out.Errors[0]
			return fmt.Errorf("remove s3://%s/%s: %s: %s", s.bucket, aws.ToString(e.Key), aws.ToString(e.Code), aws.ToString(e.Message))
		}
	}
	return nil
}

// batchesAhead is how many batches are fetched at once.
const batchesAhead = 8

// readBatches reads objects one after another, the next ones already on their way.
func (s *S3) readBatches(ctx context.Context, keys []string) io.ReadCloser {
	ctx, cancel := context.WithCancel(ctx)
	b := &batchReader{cancel: cancel, next: make(chan chan fetched, batchesAhead)}
	b.wg.Go(func() {
		defer close(b.next)
		for _, key := range keys {
			one := make(chan fetched, 1)
			select {
			case b.next <- one:
			case <-ctx.Done():
				return
			}
			b.wg.Go(func() {
				r, err := s.read(ctx, key)
				one <- fetched{r, err}
			})
		}
	})
	return b
}

type fetched struct {
	r   io.ReadCloser
	err error
}

// batchReader is the batches of a journal as one text.
type batchReader struct {
	cancel context.CancelFunc
	next   chan chan fetched
	wg     sync.WaitGroup
	open   io.ReadCloser
	err    error
}

// Read reads on in the next batch at the end of one.
func (b *batchReader) Read(p []byte) (int, error) {
	for b.err == nil {
		if b.open == nil {
			one, ok := <-b.next
			if !ok {
				return 0, io.EOF
			}
			f := <-one
			b.open, b.err = f.r, f.err
			continue
		}
		n, err := b.open.Read(p)
		if err == nil {
			return n, nil
		}
		if !errors.Is(err, io.EOF) {
			b.err = err
			return n, err
		}
		b.err = b.open.Close()
		b.open = nil
		if n > 0 {
			return n, nil
		}
	}
	return 0, b.err
}

// Close ends the downloads that are under way.
func (b *batchReader) Close() error {
	b.cancel()
	if b.open != nil {
		_ = b.open.Close()
	}
	for one := range b.next {
		if f := <-one; f.r != nil {
			_ = f.r.Close()
		}
	}
	b.wg.Wait()
	return nil
}
