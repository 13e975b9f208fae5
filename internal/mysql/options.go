package mysql

import (
	"log/slog"
	"net"
	"os/user"
	"strconv"
)

const (
	defaultHost = "127.0.0.1"
	defaultPort = 3306
)

func (o Options) withDefaults() Options {
	if o.Host == "" {
		o.Host = defaultHost
	}
	if o.Port == 0 {
		o.Port = defaultPort
	}
	if o.User == "" {
		if u, err := user.Current(); err == nil {
			o.User = u.Username
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Address is where the server listens, for messages: host:port or the path of its socket.
func (o Options) Address() string {
	if o.Socket != "" {
		return o.Socket
	}
	o = o.withDefaults()
	return net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
}
