package store

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Rename gives an object of at most 5 GiB another name, by a copy within S3. One that has the name is replaced.
func (s *S3) Rename(ctx context.Context, from, to string) error {
	for _, name := range []string{from, to} {
		if err := CheckName(name); err != nil {
			return err
		}
	}
	parts := strings.Split(s.bucket+"/"+s.prefix+from, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	source := strings.Join(parts, "/")
	in := &s3.CopyObjectInput{
		Bucket: &s.bucket, Key: s.key(to), CopySource: &source,
		ServerSideEncryption: types.ServerSideEncryption(s.o.Encryption), StorageClass: types.StorageClass(s.o.StorageClass),
	}
	if s.o.KMSKey != "" {
		in.SSEKMSKeyId = &s.o.KMSKey
	}
	if _, err := s.client.CopyObject(ctx, in); err != nil {
		return s.explain("rename", s.path(from), err)
	}
	return s.Remove(ctx, from)
}
