package aurora

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// Store is the S3 that the cluster reaches. The cluster and all buckets are in its region.
type Store struct {
	region string
	client *s3.Client
}

// NewStore is for an S3 server at a URL, by path style.
func NewStore(endpoint, region, accessKey, secretKey string) *Store {
	return &Store{region: region, client: s3.New(s3.Options{
		BaseEndpoint: &endpoint, Region: region, UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, nil
		}),
	})}
}

// object is one object, or a prefix of objects.
type object struct{ bucket, key string }

// s3 is the error of what Aurora's client for S3 says.
func (p *Proxy) s3Error(format string, args ...any) *Error {
	return &Error{p.line.s3Error, "HY000", "S3 API returned error: " + fmt.Sprintf(format, args...)}
}

var uriPattern = regexp.MustCompile(`^s3(?:-([a-z0-9-]+))?://([^/]+)/(.+)$`)

// locate reads s3://bucket/key and s3-region://bucket/key; only these are documented.
func (p *Proxy) locate(uri string) (object, error) {
	m := uriPattern.FindStringSubmatch(uri)
	if m == nil {
		return object{}, standIn("%q is not s3://bucket/path or s3-region://bucket/path; what Aurora says to it is not known", uri)
	}
	if m[1] != "" && m[1] != p.store.region {
		// How AWS's client prints it; Aurora's own text is not documented.
		return object{}, p.s3Error("Unknown:Unable to parse ExceptionName: PermanentRedirect Message: The bucket you are attempting to access must be addressed using the specified endpoint.")
	}
	return object{bucket: m[2], key: m[3]}, nil
}

// explain turns an error of S3 into Aurora's. What follows the prefix is AWS's name and text of the error: Aurora's own
// texts are documented for a missing role and a missing network only.
func (p *Proxy) explain(err error) error {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return p.s3Error("%s:%s", answer.ErrorCode(), answer.ErrorMessage())
	}
	return p.s3Error("Network Connection")
}

// absent reports an object that is not there.
func absent(err error) bool {
	var answer smithy.APIError
	return errors.As(err, &answer) && slices.Contains([]string{"NoSuchKey", "NotFound"}, answer.ErrorCode())
}

// list returns the objects under a prefix, in order.
func (st *Store) list(ctx context.Context, prefix object) (out []object, err error) {
	pages := s3.NewListObjectsV2Paginator(st.client, &s3.ListObjectsV2Input{Bucket: &prefix.bucket, Prefix: &prefix.key})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			if !strings.HasSuffix(*o.Key, "/") { // what stands for a folder
				out = append(out, object{prefix.bucket, *o.Key})
			}
		}
	}
	return out, nil
}

// fetch appends an object to a file.
func (st *Store) fetch(ctx context.Context, o object, to io.Writer) (bytes int64, version string, err error) {
	got, err := st.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.bucket, Key: &o.key})
	if err != nil {
		return 0, "", err
	}
	defer got.Body.Close()
	bytes, err = io.Copy(to, got.Body)
	return bytes, aws.ToString(got.VersionId), err
}

// put stores a part of a file.
func (st *Store) put(ctx context.Context, o object, f *os.File, from, size int64) error {
	_, err := st.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &o.bucket, Key: &o.key, Body: io.NewSectionReader(f, from, size), ContentLength: &size})
	return err
}
