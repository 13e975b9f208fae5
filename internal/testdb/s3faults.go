package testdb

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// S3Fault is what can happen to one request to S3.
type S3Fault string

// The faults of S3Faults.
const (
	S3Cut      S3Fault = "cut"      // the connection ends before the answer, which the server has carried out
	S3CutBody  S3Fault = "cut body" // the connection ends amid the answer
	S3Stall    S3Fault = "stall"    // nothing moves for S3Faults.Stall
	S3Internal S3Fault = "500"      // InternalError
	S3SlowDown S3Fault = "503"      // SlowDown
)

// S3Faults passes HTTP requests on to an S3 server and lets things happen to some of them. It is safe for concurrent use.
type S3Faults struct {
	URL   string
	Stall time.Duration

	every  int64
	faults []S3Fault
	asked  atomic.Int64
	proxy  *httputil.ReverseProxy
	server *http.Server
	wg     sync.WaitGroup

	mu       sync.Mutex
	happened map[S3Fault]int
}

// NewS3Faults listens on a free port of 127.0.0.1. Every nth request has a fault, of each kind in turn.
func NewS3Faults(ctx context.Context, s *S3Server, every int, stall time.Duration, faults ...S3Fault) (*S3Faults, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	to := &url.URL{Scheme: "http", Host: s.Address}
	f := &S3Faults{URL: "http://" + l.Addr().String(), Stall: stall, every: int64(every), faults: faults, happened: map[S3Fault]int{}}
	f.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // it is signed
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	f.server = &http.Server{Handler: f, ReadHeaderTimeout: time.Minute}
	f.wg.Go(func() { _ = f.server.Serve(l) })
	return f, nil
}

// ServeHTTP passes a request on, or breaks it.
func (f *S3Faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := f.asked.Add(1)
	if n%f.every != 0 || len(f.faults) == 0 {
		f.proxy.ServeHTTP(w, r)
		return
	}
	fault := f.faults[int(n/f.every-1)%len(f.faults)]
	f.mu.Lock()
	f.happened[fault]++
	f.mu.Unlock()
	switch fault {
	case S3Cut:
		f.proxy.ServeHTTP(discard{http.Header{}}, r)
		hangUp(w)
	case S3CutBody:
		f.proxy.ServeHTTP(&half{ResponseWriter: w}, r)
		hangUp(w)
	case S3Stall:
		time.Sleep(f.Stall)
		f.proxy.ServeHTTP(w, r)
	case S3Internal:
		refuse(w, r, http.StatusInternalServerError, "InternalError")
	case S3SlowDown:
		refuse(w, r, http.StatusServiceUnavailable, "SlowDown")
	}
}

// refuse answers as S3 does.
func refuse(w http.ResponseWriter, r *http.Request, status int, code string) {
	_, _ = io.Copy(io.Discard, r.Body)
	body := `<?xml version="1.0" encoding="UTF-8"?><Error><Code>` + code + `</Code><Message>Please reduce your request rate.</Message></Error>`
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// Happened is how often each fault was there.
func (f *S3Faults) Happened() map[S3Fault]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.happened)
}

// Close ends the proxy.
func (f *S3Faults) Close() error {
	err := f.server.Close()
	f.wg.Wait()
	return err
}

// hangUp resets the connection.
func hangUp(w http.ResponseWriter) {
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
		return
	}
	panic(http.ErrAbortHandler) // the answer has begun
}

// discard takes an answer that nobody gets.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// half passes on the first part of an answer.
type half struct {
	http.ResponseWriter
	sent int
}

var errHalf = errors.New("enough")

// Write passes on at most 1,000 bytes.
func (h *half) Write(p []byte) (int, error) {
	const most = 1000
	n := min(len(p), most-h.sent)
	if n < len(p) {
		n = min(n, len(p)/2)
	}
	m, err := h.ResponseWriter.Write(p[:max(n, 0)])
	if h.sent += m; err == nil && m < len(p) {
		err = errHalf
	}
	_ = http.NewResponseController(h.ResponseWriter).Flush()
	return m, err
}
