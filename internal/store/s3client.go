package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	// s3Attempts is how often a request is made, a minute and a half in all; AWS_MAX_ATTEMPTS or the configuration's max_attempts change it.
	s3Attempts   = 14
	s3MinBackoff = 100 * time.Millisecond
	s3MaxBackoff = 20 * time.Second
	// fallbackRegion is asked when none is configured; another region's bucket tells its own.
	fallbackRegion = "us-east-1"
	dialTimeout    = 15 * time.Second
	idlePerHost    = 64
)

// connect makes a client and asks the bucket, in the region that the bucket is in.
func (s *S3) connect(ctx context.Context) (*s3.Client, error) {
	load := []func(*config.LoadOptions) error{
		config.WithHTTPClient(httpClient(s.o.Stall)),
		config.WithAppID("gomove"),
		config.WithLogger(logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) {
			s.o.Log.Debug("s3", "message", fmt.Sprintf(format, v...))
		})),
	}
	if s.o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(s.o.Profile))
	}
	if s.o.Region != "" {
		load = append(load, config.WithRegion(s.o.Region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = fallbackRegion
	}
	client := s.newClient(cfg)
	region, err := s.ask(ctx, client)
	if err == nil {
		return client, nil
	}
	if region == "" || region == cfg.Region {
		return nil, err
	}
	if s.o.Region != "" {
		return nil, fmt.Errorf("the bucket is in region %s, not in %s: use --s3-region %s", region, s.o.Region, region)
	}
	s.o.Log.Debug("bucket is in another region", "configured", cfg.Region, "bucket", region)
	cfg.Region = region
	client = s.newClient(cfg)
	_, err = s.ask(ctx, client)
	return client, err
}

func (s *S3) newClient(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		if s.o.Endpoint != "" {
			o.BaseEndpoint = aws.String(s.o.Endpoint)
		}
		o.UsePathStyle = o.BaseEndpoint != nil
		o.Retryer = newRetryer(cfg.RetryMaxAttempts)
		if isLoopback(o.BaseEndpoint) {
			o.APIOptions = append(o.APIOptions, unsignedPayload)
		}
	})
}

// unsignedPayload tells the signer before anything asks for the payload's SHA-256: the step that computes the CRC32 would compute it as
// well over plain HTTP, and the signer would take it.
func unsignedPayload(stack *middleware.Stack) error {
	set := func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		return next.HandleInitialize(v4.SetPayloadHash(ctx, "UNSIGNED-PAYLOAD"), in)
	}
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("UnsignedPayload", set), middleware.Before)
}

// isLoopback reports a server on this machine. There is nothing between it and gomove that could alter a payload, so that only the CRC32
// guards it, as over TLS; elsewhere over plain HTTP the SDK also signs its SHA-256.
func isLoopback(endpoint *string) bool {
	u, err := url.Parse(aws.ToString(endpoint))
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip.IsLoopback()
}

// refusedAttempts is how often the first request knocks where nobody answers.
const refusedAttempts = 4

// firstRetryer is for the first request, whose endpoint is wrong, most likely, when nobody answers there.
type firstRetryer struct {
	aws.Retryer
	refused int
}

// IsErrorRetryable gives up sooner on a refused connection.
func (r *firstRetryer) IsErrorRetryable(err error) bool {
	if errors.Is(err, syscall.ECONNREFUSED) {
		r.refused++
	}
	return r.refused < refusedAttempts && r.Retryer.IsErrorRetryable(err)
}

// ask lists one object, which tells a wrong bucket, key, clock or region. region is where the bucket is, when it says so.
func (s *S3) ask(ctx context.Context, client *s3.Client) (region string, err error) {
	_, err = client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &s.prefix, MaxKeys: aws.Int32(1)},
		func(o *s3.Options) { o.Retryer = &firstRetryer{Retryer: o.Retryer} })
	if err == nil {
		return "", nil
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		region = response.Response.Header.Get("X-Amz-Bucket-Region")
	}
	return region, s.explain("list", s.String(), err)
}

// newRetryer repeats what may pass. attempts 0 is the default.
func newRetryer(attempts int) aws.Retryer {
	if attempts == 0 {
		attempts = s3Attempts
	}
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			wait := min(s3MaxBackoff, s3MinBackoff<<min(attempt, 10))
			return wait/2 + rand.N(wait/2), nil
		})
		o.RateLimiter = ratelimit.None // each request has its own attempts: a few bad minutes must not end the run
	})
}

// httpClient gives up connections that stand still.
func httpClient(stall time.Duration) *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &stallConn{Conn: c, limit: stall}, nil
		}
		t.MaxIdleConnsPerHost = idlePerHost
		t.ResponseHeaderTimeout = stall
	})
}

// stallConn is a connection that ends when nothing moves.
type stallConn struct {
	net.Conn
	limit time.Duration
}

// Read fails when nothing comes for the limit.
func (c *stallConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write fails when nothing is taken for the limit.
func (c *stallConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
