package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3Options say how a bucket is reached and how objects are kept. The zero value takes everything from where other AWS
// tools take it: environment, shared configuration, the role of the instance.
type S3Options struct {
	Endpoint string // URL of another S3 service; reached with the bucket in the path
	Region   string // default: that of the configuration, else the one that the bucket tells
	Profile  string // of the shared configuration

	Encryption   string // server-side encryption: AES256, aws:kms or aws:kms:dsse
	KMSKey       string // of aws:kms
	StorageClass string // such as STANDARD_IA

	PartBytes int           // of an upload in parts, at least 5 MiB; default 8 MiB
	Stall     time.Duration // how long a connection may stand still before it is given up and the request repeated; default 60 s
	Log       *slog.Logger  // default slog.Default()
}

const (
	s3PartBytes = 8 << 20
	minPart     = 5 << 20 // of S3
	s3Stall     = time.Minute
	// partsAtOnce is how many parts of one file are under way; one more is being filled.
	partsAtOnce = 2
)

// S3MemoryPerFile is what an open file of S3 holds in memory at most, in bytes, with the default size of parts.
const S3MemoryPerFile = (partsAtOnce + 2) * s3PartBytes

func (o S3Options) withDefaults() S3Options {
	if o.PartBytes == 0 {
		o.PartBytes = s3PartBytes
	}
	if o.Stall == 0 {
		o.Stall = s3Stall
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// S3 is a prefix of a bucket. It is safe for concurrent use.
type S3 struct {
	client  *s3.Client
	manager *transfermanager.Client
	o       S3Options
	bucket  string
	prefix  string // ends in a slash unless it is empty
	buffers objectBuffers
}

var (
	_ Store     = (*S3)(nil)
	_ Stater    = (*S3)(nil)
	_ Exclusive = (*S3)(nil)
	_ Sweeper   = (*S3)(nil)
)

// isBucketName reports a name of 2 to 255 letters, digits, dots, hyphens and underscores, with a letter or digit in front.
func isBucketName(s string) bool {
	const most = 255
	for i := range len(s) {
		c := s[i]
		alphanumeric := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !alphanumeric && (i == 0 || c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return 1 < len(s) && len(s) <= most
}

// IsS3 reports a place that is meant for NewS3.
func IsS3(place string) bool { return strings.HasPrefix(place, "s3://") }

// ParseS3 takes s3://bucket/prefix apart.
func ParseS3(uri string) (bucket, prefix string, err error) {
	rest, ok := strings.CutPrefix(uri, "s3://")
	if !ok {
		return "", "", fmt.Errorf("%q: want s3://bucket/prefix", uri)
	}
	bucket, prefix, _ = strings.Cut(rest, "/")
	prefix = strings.Trim(prefix, "/")
	switch {
	case !isBucketName(bucket):
		return "", "", fmt.Errorf("%q: %q cannot be the name of a bucket; want s3://bucket/prefix", uri, bucket)
	case strings.ContainsFunc(prefix, unicode.IsControl):
		return "", "", fmt.Errorf("%q: the prefix holds a control character", uri)
	}
	for part := range strings.SplitSeq(prefix, "/") {
		if part == "." || part == ".." || part == "" && prefix != "" {
			return "", "", fmt.Errorf("%q: the prefix holds the part %q", uri, part)
		}
	}
	return bucket, prefix, nil
}

// NewS3 opens a prefix of a bucket and asks the bucket once, so that a wrong name, region or key shows at the start.
func NewS3(ctx context.Context, uri string, o S3Options) (*S3, error) {
	bucket, prefix, err := ParseS3(uri)
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	if o.PartBytes < minPart {
		return nil, fmt.Errorf("%s: parts of %d bytes: S3 wants at least %d", uri, o.PartBytes, minPart)
	}
	if prefix != "" {
		prefix += "/"
	}
	s := &S3{o: o, bucket: bucket, prefix: prefix}
	if s.client, err = s.connect(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	s.manager = transfermanager.New(s.client, func(m *transfermanager.Options) {
		m.PartSizeBytes = int64(o.PartBytes)
		m.MultipartUploadThreshold = int64(o.PartBytes)
		m.Concurrency = partsAtOnce
		m.FailTimeout = cleanUp
	})
	return s, nil
}

// cleanUp bounds what is done for an upload that has failed.
const cleanUp = 30 * time.Second

// String is s3://bucket/prefix.
func (s *S3) String() string { return strings.TrimSuffix("s3://"+s.bucket+"/"+s.prefix, "/") }

// Region is where the bucket is.
func (s *S3) Region() string { return s.client.Options().Region }

// ServerURI is how Aurora MySQL names an object: s3-region://bucket/key.
func (s *S3) ServerURI(name string) string {
	return "s3-" + s.Region() + "://" + s.bucket + "/" + s.prefix + name
}

func (s *S3) key(name string) *string { return aws.String(s.prefix + name) }

func (s *S3) path(name string) string { return "s3://" + s.bucket + "/" + s.prefix + name }

// CheckEmpty returns an error that is ErrNotEmpty when there is an object under the prefix.
func (s *S3) CheckEmpty(ctx context.Context) error {
	out, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &s.prefix, MaxKeys: aws.Int32(1)})
	if err != nil {
		return s.explain("list", s.String(), err)
	}
	if len(out.Contents) > 0 {
		return fmt.Errorf("%s: %w (it holds %s): give another prefix or empty this one", s, ErrNotEmpty, aws.ToString(out.Contents[0].Key))
	}
	return nil
}

// List yields the objects right under the prefix, in name order, a page of 1,000 at a time.
func (s *S3) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return s.list(ctx, s.prefix+prefix, func(key string) (string, bool) {
		name := strings.TrimPrefix(key, s.prefix)
		return name, CheckName(name) == nil
	})
}

func (s *S3) list(ctx context.Context, prefix string, name func(key string) (string, bool)) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &prefix, Delimiter: aws.String("/")})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(Info{}, s.explain("list", s.String(), err))
				return
			}
			for _, o := range page.Contents {
				n, ok := name(aws.ToString(o.Key))
				if ok && !yield(Info{Name: n, Bytes: aws.ToInt64(o.Size)}, nil) {
					return
				}
			}
		}
	}
}

// Stat returns the size of an object. A missing one is fs.ErrNotExist.
func (s *S3) Stat(ctx context.Context, name string) (Info, error) {
	if err := CheckName(name); err != nil {
		return Info{}, err
	}
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: s.key(name)})
	if err != nil {
		return Info{}, s.explain("look at", s.path(name), err)
	}
	return Info{Name: name, Bytes: aws.ToInt64(head.ContentLength)}, nil
}

// Remove deletes an object. A missing one is no error. A journal that is not closed is not found by its name.
func (s *S3) Remove(ctx context.Context, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: s.key(name)})
	if err != nil && !errors.Is(s.explain("remove", s.path(name), err), fs.ErrNotExist) {
		return s.explain("remove", s.path(name), err)
	}
	return nil
}

// Open reads an object, ahead of its reader. A journal that was never closed reads as the records that it has.
func (s *S3) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	r, err := s.read(ctx, s.prefix+name)
	if !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	batches, listErr := s.batches(ctx, name)
	if listErr != nil {
		return nil, listErr
	}
	if len(batches) == 0 {
		return nil, err
	}
	return s.readBatches(ctx, batches), nil
}

// Sweep aborts the uploads under the prefix that a killed run has left: their parts cost money and are never seen.
func (s *S3) Sweep(ctx context.Context) (aborted int, err error) {
	pages := s3.NewListMultipartUploadsPaginator(s.client, &s3.ListMultipartUploadsInput{Bucket: &s.bucket, Prefix: &s.prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return aborted, s.explain("list the uploads of", s.String(), err)
		}
		for _, u := range page.Uploads {
			_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: u.Key, UploadId: u.UploadId})
			var gone *types.NoSuchUpload
			if err != nil && !errors.As(err, &gone) {
				return aborted, s.explain("abort an upload of", "s3://"+s.bucket+"/"+aws.ToString(u.Key), err)
			}
			aborted++
		}
	}
	return aborted, nil
}
