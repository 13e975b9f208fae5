package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	managertypes "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/uuid"
)

// ownerMeta marks an object with the upload that made it, so that a repeated conditional request knows its own work.
const ownerMeta = "gomove-upload"

// s3File is an object on its way: one request when it fits a part, else parts that are sent while the next is filled.
// S3 shows an object only when it is whole, and checks each part's CRC32.
type s3File struct {
	s    *S3
	ctx  context.Context //nolint:containedctx // Write and Close have none
	name string
	only bool // the object must not exist yet

	buf  []byte
	pipe *io.PipeWriter // to the upload in parts; nil before it starts
	sent chan error     // its end
	err  error
	done bool
}

// smallObject is how large an object gets before its buffer is one of a whole part, in bytes.
const smallObject = 256 << 10

// objectBuffers are the buffers of objects that were sent: a new one would be cleared by the kernel page by page, and grow by copying.
type objectBuffers struct {
	mu   sync.Mutex
	free [][]byte
}

// keptBuffers is how many are kept for the next objects, one for each of that many threads.
const keptBuffers = 4

// take returns a buffer with room for size bytes and a little more.
func (b *objectBuffers) take(size int) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.free); n > 0 {
		out := b.free[n-1]
		b.free = b.free[:n-1]
		return out
	}
	return make([]byte, 0, size+smallObject)
}

func (b *objectBuffers) give(buf []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cap(buf) > 4*smallObject && len(b.free) < keptBuffers {
		b.free = append(b.free, buf)
	}
}

// drop lets go of what is kept: an upload in parts has buffers of its own.
func (b *objectBuffers) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free = nil
}

// Create starts an object. ctx bounds the uploads until Close.
func (s *S3) Create(ctx context.Context, name string) (File, error) {
	return s.create(ctx, name, false)
}

// CreateNew starts an object whose Close fails with fs.ErrExist when there is one of the name by then.
func (s *S3) CreateNew(ctx context.Context, name string) (File, error) {
	return s.create(ctx, name, true)
}

func (s *S3) create(ctx context.Context, name string, only bool) (File, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &s3File{s: s, ctx: ctx, name: name, only: only}, nil
}

// Write keeps p until there is a part to send.
func (f *s3File) Write(p []byte) (int, error) {
	if f.done {
		return 0, fmt.Errorf("write %s: %w", f.s.path(f.name), os.ErrClosed)
	}
	if f.err != nil {
		return 0, f.err
	}
	if f.pipe == nil {
		if len(f.buf)+len(p) > cap(f.buf) && len(f.buf) >= smallObject && cap(f.buf) < f.s.o.PartBytes {
			f.buf = append(f.s.buffers.take(f.s.o.PartBytes)[:0], f.buf...)
		}
		f.buf = append(f.buf, p...)
		if len(f.buf) <= f.s.o.PartBytes {
			return len(p), nil
		}
		f.startParts()
		return len(p), nil
	}
	n, err := f.pipe.Write(p)
	if err != nil {
		f.err = f.s.explain("upload", f.s.path(f.name), err)
	}
	return n, f.err
}

// startParts hands what there is to an upload in parts, which reads the rest from the pipe.
func (f *s3File) startParts() {
	r, w := io.Pipe()
	f.pipe, f.sent = w, make(chan error, 1)
	body := io.MultiReader(bytes.NewReader(f.buf), r)
	f.buf = nil
	f.s.buffers.drop()
	go func() {
		_, err := f.s.manager.UploadObject(f.ctx, f.partsInput(body))
		_ = r.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // Write must not wait for a reader that is gone
		f.sent <- err
	}()
}

func (f *s3File) partsInput(body io.Reader) *transfermanager.UploadObjectInput {
	o := f.s.o
	in := &transfermanager.UploadObjectInput{
		Bucket: &f.s.bucket, Key: f.s.key(f.name), Body: body,
		ServerSideEncryption: managertypes.ServerSideEncryption(o.Encryption),
		StorageClass:         managertypes.StorageClass(o.StorageClass),
		Metadata:             map[string]string{ownerMeta: uuid.NewString()},
	}
	if o.KMSKey != "" {
		in.SSEKMSKeyID = &o.KMSKey
	}
	if f.only {
		in.IfNoneMatch = aws.String("*")
	}
	return in
}

// Close sends what is left and makes the object visible.
func (f *s3File) Close() error {
	if f.done {
		return fmt.Errorf("close %s: %w", f.s.path(f.name), os.ErrClosed)
	}
	f.done = true
	if f.pipe == nil {
		err := f.s.put(f.ctx, f.name, f.buf, f.only)
		if err == nil { // else a request that was given up may be reading it still
			f.s.buffers.give(f.buf)
		}
		f.buf = nil
		return err
	}
	if f.err != nil {
		_ = f.pipe.CloseWithError(f.err)
	} else {
		_ = f.pipe.Close() // always nil
	}
	err := <-f.sent
	switch {
	case f.err != nil:
		return f.err
	case err != nil:
		return f.s.explain("upload", f.s.path(f.name), err)
	}
	return nil
}

// errAborted ends an upload that is not wanted any more.
var errAborted = errors.New("upload was aborted")

// Abort throws the parts away; after Close it does nothing.
func (f *s3File) Abort() {
	if f.done {
		return
	}
	f.done, f.buf = true, nil
	if f.pipe != nil {
		_ = f.pipe.CloseWithError(errAborted)
		<-f.sent
	}
}

// put writes a whole object. With only it fails with fs.ErrExist when there is one, unless it is this very upload's: the
// answer to an earlier attempt may have been lost.
func (s *S3) put(ctx context.Context, name string, text []byte, only bool) error {
	owner := uuid.NewString()
	in := &s3.PutObjectInput{
		Bucket: &s.bucket, Key: s.key(name), Body: bytes.NewReader(text), ContentLength: aws.Int64(int64(len(text))),
		ChecksumAlgorithm:    types.ChecksumAlgorithmCrc32,
		ServerSideEncryption: types.ServerSideEncryption(s.o.Encryption),
		StorageClass:         types.StorageClass(s.o.StorageClass),
		Metadata:             map[string]string{ownerMeta: owner},
	}
	if s.o.KMSKey != "" {
		in.SSEKMSKeyId = &s.o.KMSKey
	}
	if only {
		in.IfNoneMatch = aws.String("*")
	}
	_, err := s.client.PutObject(ctx, in)
	if err == nil {
		return nil
	}
	err = s.explain("upload", s.path(name), err)
	if only && errors.Is(err, fs.ErrExist) && s.owner(ctx, name) == owner {
		return nil
	}
	return err
}

func (s *S3) owner(ctx context.Context, name string) string {
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: s.key(name)})
	if err != nil {
		return ""
	}
	return head.Metadata[ownerMeta]
}
