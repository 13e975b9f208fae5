package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	aheadBlock  = 256 << 10
	aheadBlocks = 8 // of one object: 2 MiB
	// readAttempts bounds how often a download is taken up again without a byte in between.
	readAttempts = 8
)

// s3Reader reads an object ahead of its user. A connection that breaks in the middle is taken up again where it broke, from
// the same version of the object.
type s3Reader struct {
	s      *S3
	key    string
	cancel context.CancelFunc

	full  chan []byte // blocks that were read
	empty chan []byte // blocks to fill
	end   chan struct{}
	err   error // of the download, io.EOF at its end; set before full is closed

	block, rest []byte
}

// read starts to read an object. A missing one is fs.ErrNotExist.
func (s *S3) read(ctx context.Context, key string) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancel(ctx)
	out, err := s.get(ctx, key, 0, "")
	if err != nil {
		cancel()
		return nil, err
	}
	r := &s3Reader{
		s: s, key: key, cancel: cancel,
		full: make(chan []byte, aheadBlocks), empty: make(chan []byte, aheadBlocks), end: make(chan struct{}),
	}
	size := aws.ToInt64(out.ContentLength)
	block := int(min(max(size, 1), aheadBlock))
	for range min(aheadBlocks, 1+size/aheadBlock) {
		r.empty <- make([]byte, block)
	}
	go r.fill(ctx, out, size)
	return r, nil
}

func (s *S3) get(ctx context.Context, key string, from int64, etag string) (*s3.GetObjectOutput, error) {
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: &key}
	if from > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", from))
	}
	if etag != "" {
		in.IfMatch = &etag
	}
	out, err := s.client.GetObject(ctx, in)
	if err != nil {
		return nil, s.explain("read", "s3://"+s.bucket+"/"+key, err)
	}
	return out, nil
}

// errReplaced is an object that is not what it was when its download began.
var errReplaced = errors.New("the object was replaced while it was read")

// fill reads the object into blocks until its end.
func (r *s3Reader) fill(ctx context.Context, out *s3.GetObjectOutput, size int64) {
	defer close(r.end)
	defer close(r.full)
	at, failed, etag := int64(0), 0, aws.ToString(out.ETag)
	body := out.Body
	defer func() { _ = body.Close() }()
	for {
		var block []byte
		select {
		case block = <-r.empty:
		case <-ctx.Done():
			r.err = ctx.Err()
			return
		}
		n, err := io.ReadFull(body, block[:cap(block)])
		at += int64(n)
		if n > 0 {
			failed = 0
			r.full <- block[:n] // it has room for every block
		} else {
			r.empty <- block
		}
		switch {
		case at > size:
			r.err = fmt.Errorf("read s3://%s/%s: %d bytes came, S3 said %d", r.s.bucket, r.key, at, size)
			return
		case at == size:
			r.err = io.EOF
			return
		case err == nil:
			continue
		case ctx.Err() != nil:
			r.err = ctx.Err()
			return
		}
		_ = body.Close()
		if body, r.err = r.again(ctx, at, etag, err, &failed); r.err != nil {
			body = io.NopCloser(nil)
			return
		}
	}
}

// again takes a broken download up.
func (r *s3Reader) again(ctx context.Context, at int64, etag string, cause error, failed *int) (io.ReadCloser, error) {
	for {
		if *failed++; *failed > readAttempts {
			return nil, fmt.Errorf("read s3://%s/%s at byte %d: given up after %d attempts: %w", r.s.bucket, r.key, at, readAttempts, cause)
		}
		r.s.o.Log.Debug("download is taken up again", "object", r.key, "byte", at, "error", cause)
		wait := min(s3MaxBackoff, 100*time.Millisecond<<*failed)
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		out, err := r.s.get(ctx, r.key, at, etag)
		switch {
		case err == nil:
			return out.Body, nil
		case errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrNotExist): // If-Match does not hold
			return nil, fmt.Errorf("read s3://%s/%s: %w", r.s.bucket, r.key, errReplaced)
		}
		cause = err
	}
}

// Read returns what has come.
func (r *s3Reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.block != nil {
			r.empty <- r.block[:cap(r.block)]
			r.block = nil
		}
		block, ok := <-r.full
		if !ok {
			return 0, r.err
		}
		r.block, r.rest = block, block
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Close ends the download, whether or not all was read.
func (r *s3Reader) Close() error {
	r.cancel()
	<-r.end
	return nil
}
