package store_test

import (
	"io"
	"net"
	"testing"
)

// cuttingProxy passes connections on and cuts each after limit bytes from the server. It returns its address.
func cuttingProxy(t *testing.T, to string, limit int64) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := (&net.Dialer{}).Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
			go func() { _, _ = io.CopyN(in, out, limit); _ = in.Close(); _ = out.Close() }()
		}
	}()
	return l.Addr().String()
}
