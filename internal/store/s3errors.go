package store

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// s3Hints says what to do about an error code of S3 (API reference, Error responses).
var s3Hints = map[string]string{
	"NoSuchBucket":                       "there is no such bucket: check its name and the endpoint",
	"AccessDenied":                       "the credentials may not do this: the policy needs s3:ListBucket and s3:ListBucketMultipartUploads on the bucket, s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on the objects (and kms:GenerateDataKey, kms:Decrypt on the key of an encrypted bucket)",
	"Forbidden":                          "the credentials may not do this",
	"InvalidAccessKeyId":                 "the access key is not known: check the profile or AWS_ACCESS_KEY_ID",
	"SignatureDoesNotMatch":              "the secret key does not belong to the access key, or something between here and S3 alters requests",
	"ExpiredToken":                       "the session's credentials have expired: log in again",
	"ExpiredTokenException":              "the session's credentials have expired: log in again",
	"InvalidToken":                       "the session token is not valid: log in again",
	"RequestTimeTooSkewed":               "the clock of this machine is more than 15 minutes off: set it",
	"PermanentRedirect":                  "the bucket is in another region: use --s3-region",
	"AuthorizationHeaderMalformed":       "the bucket is in another region: use --s3-region",
	"IllegalLocationConstraintException": "the bucket is in another region: use --s3-region",
	"InvalidBucketName":                  "this cannot be the name of a bucket",
	"SlowDown":                           "S3 asks for fewer requests, and still did after all attempts: use fewer threads",
	"InvalidStorageClass":                "this storage class is not known there: check --s3-storage-class",
	"KMS.NotFoundException":              "the KMS key is not known in this region",
	"QuotaExceeded":                      "the bucket's quota is used up",
	"InvalidObjectState":                 "the object is archived: restore it first",
}

// noCredentials stands in the SDK's error, which has no type, when no provider had any.
const noCredentials = "get identity: get credentials:"

// explain says what was being done to which object, and what to do. A missing object is fs.ErrNotExist.
func (s *S3) explain(doing, path string, err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		if strings.Contains(err.Error(), noCredentials) {
			return fmt.Errorf("%s %s: no AWS credentials were found: use --s3-profile, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where an instance role is: %w", doing, path, err)
		}
		var op *net.OpError
		if errors.As(err, &op) {
			err = &s3Error{told: fmt.Sprintf("no answer from the S3 server: %v (check --s3-endpoint and --s3-region, and the way there)", op), err: err}
		}
		return fmt.Errorf("%s %s: %w", doing, path, err)
	}
	var response *smithyhttp.ResponseError
	status := 0
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	code := api.ErrorCode()
	switch {
	case code == "NoSuchKey", code == "NotFound" && status == http.StatusNotFound:
		return fmt.Errorf("%s %s: %w", doing, path, fs.ErrNotExist)
	case status == http.StatusPreconditionFailed, code == "ConditionalRequestConflict":
		return fmt.Errorf("%s %s: %w", doing, path, fs.ErrExist)
	}
	told := code
	if m := api.ErrorMessage(); m != "" && m != code {
		told += ": " + m
	}
	if hint := s3Hints[code]; hint != "" {
		told += " (" + hint + ")"
	}
	return fmt.Errorf("%s %s: %w", doing, path, &s3Error{told: told, err: err})
}

// ErrS3 is an error that came from S3 or from the way there, and from no server of databases.
var ErrS3 = errors.New("S3")

// s3Error is an answer of S3 in its short form; the whole one repeats the operation, the host and the number of attempts.
type s3Error struct {
	told string
	err  error
}

// Error is the code, the message and what to do.
func (e *s3Error) Error() string { return e.told }

// Is reports ErrS3, which every one is.
func (e *s3Error) Is(target error) bool { return target == ErrS3 }

// Unwrap returns the SDK's error.
func (e *s3Error) Unwrap() error { return e.err }
