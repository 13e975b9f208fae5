//go:build !linux

package mysql

import "net"

// newSocket returns nil: the connection's own Read is used.
func newSocket(net.Conn) socket { return nil }
