package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// killTimeout bounds what is done on behalf of a context that has ended.
const killTimeout = 10 * time.Second

// Conn is one dedicated session. It is not safe for concurrent use.
// Once its connection is lost every call returns an error for which IsConnectionLost is true: it never reconnects.
// Close closes the connection, so that nothing of the session (locks, a transaction, settings) reaches another.
type Conn struct {
	*sql.Conn
	ID uint64 // CONNECTION_ID(), for KILL QUERY

	server *Server
	net    *wire
	rows   *RowReader // the last one, for Close

	together together // what the server said to that
}

// Facts is what was found out about the session's server.
func (c *Conn) Facts() *Facts { return &c.server.Facts }

// Close ends a result set of Rows that is still open, and the session.
func (c *Conn) Close() error {
	var err error
	if c.rows != nil {
		err = c.rows.Close() // database/sql would wait for it without end
	}
	return errors.Join(err, c.Conn.Close())
}

// Session opens a dedicated session with the settings of the server's purpose.
func (s *Server) Session(ctx context.Context) (*Conn, error) {
	a := &attempt{bulk: s.bulk}
	c, err := s.sessions.Conn(context.WithValue(ctx, attemptKey{}, a))
	if err != nil {
		return nil, &ConnectError{Options: s.Options, Err: err}
	}
	if a.conn == nil || a.id == 0 {
		return nil, errors.Join(errors.New("session was not opened by its own connector"), c.Close())
	}
	return &Conn{Conn: c, ID: a.id, server: s, net: a.conn}, nil
}

// KillOnDone ends the session's running statement on the server, and the connection, when ctx ends before stop is called:
// the driver alone would close its socket and leave the server working. stop waits for a kill that is under way.
func (c *Conn) KillOnDone(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(done)
		c.abort(ctx)
	})
	return func() {
		if !cancel() {
			<-done
		}
	}
}

// closeOnDone closes the connection when ctx ends or the time is over before stop is called.
func (c *Conn) closeOnDone(ctx context.Context, limit time.Duration) (stop func()) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	forget := context.AfterFunc(ctx, func() { _ = c.net.Close() }) // the read that waits returns the error
	return func() {
		forget()
		cancel()
	}
}

// abort kills the running statement and closes the socket, which frees a server that waits for us to read.
func (c *Conn) abort(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killTimeout)
	defer cancel()
	// The socket is closed whether or not the server could be told; there is nobody left to hear of an error.
	_ = c.server.KillQuery(ctx, c.ID)
	_ = c.net.Close()
}

// Server error numbers of KILL.
const errNoSuchThread = 1094

// KillQuery ends the statement that runs in a session, by KILL QUERY or by the procedure that a provider has for it.
// It is no error when the session is gone.
func (s *Server) KillQuery(ctx context.Context, id uint64) error {
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	n := strconv.FormatUint(id, 10)
	_, err := s.control.ExecContext(ctx, "KILL QUERY "+n)
	if err == nil || Number(err) == errNoSuchThread {
		return nil
	}
	if Number(err) != 0 && s.callKill(ctx, n, "rds_kill_query", "az_kill_query") {
		return nil
	}
	return fmt.Errorf("kill the statement of connection %s: %w", n, err)
}

// Kill ends a session, by KILL or by the procedure that a provider has for it. It is no error when the session is gone.
func (s *Server) Kill(ctx context.Context, id uint64) error {
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	n := strconv.FormatUint(id, 10)
	_, err := s.control.ExecContext(ctx, "KILL "+n)
	if err == nil || Number(err) == errNoSuchThread || Number(err) != 0 && s.callKill(ctx, n, "rds_kill", "az_kill") {
		return nil
	}
	return fmt.Errorf("kill connection %s: %w", n, err)
}

// callKill calls the first of these procedures that works.
func (s *Server) callKill(ctx context.Context, id string, procedures ...string) bool {
	for _, p := range procedures {
		if _, err := s.control.ExecContext(ctx, "CALL mysql."+p+"("+id+")"); err == nil {
			return true
		}
	}
	return false
}
