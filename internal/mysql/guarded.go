package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// driverConn is what the driver's connections can do.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// driverStmt is what the driver's prepared statements can do.
type driverStmt interface {
	driver.Stmt
	driver.NamedValueChecker
	driver.StmtExecContext
	driver.StmtQueryContext
}

// guarded is a connection of the driver, which indexes what a server sends without looking how long it is: an answer that is
// cut short would end the process. Here it is an error, and the end of the connection.
type guarded struct {
	driverConn
	wire *wire
}

// guardedStmt is a prepared statement of a guarded connection.
type guardedStmt struct {
	driverStmt
	on *guarded
}

// guardedRows is a result set of a guarded connection.
type guardedRows struct {
	driver.Rows
	on *guarded
}

var (
	_ driverConn = (*guarded)(nil)
	_ driverStmt = (*guardedStmt)(nil)
)

// connectGuarded opens a connection of the driver.
func connectGuarded(ctx context.Context, c driver.Connector, a *attempt) (conn driver.Conn, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errMalformed
			if a.conn != nil {
				err = errors.Join(err, a.conn.Close())
			}
		}
	}()
	a.conn, a.tls = nil, nil
	opened, err := c.Connect(ctx)
	if err != nil {
		return nil, a.reason(ctx, err)
	}
	able, ok := opened.(driverConn)
	if !ok || a.conn == nil {
		return nil, errors.Join(fmt.Errorf("connection of the driver is a %T", opened), opened.Close())
	}
	a.conn.plain = a.tls == nil || a.conn.cipher != nil
	return &guarded{driverConn: able, wire: a.conn}, nil
}

// recovered turns a panic into an error and closes the connection; it gives an error of the driver its reason.
func (g *guarded) recovered(p any, err *error) {
	if p != nil {
		*err = errMalformed
		_ = g.wire.Close() // there is nobody left to talk to
		return
	}
	if *err != nil && g.wire.refused {
		*err = fmt.Errorf("%w: more columns than a server has: %w", errMalformed, *err)
	}
}

func (g *guarded) IsValid() bool { return !g.wire.closed.Load() && g.driverConn.IsValid() }

func (g *guarded) ResetSession(ctx context.Context) error {
	if g.wire.closed.Load() {
		return driver.ErrBadConn
	}
	return g.driverConn.ResetSession(ctx)
}

func (g *guarded) Close() (err error) {
	defer func() { g.recovered(recover(), &err) }()
	return g.driverConn.Close()
}

func (g *guarded) Ping(ctx context.Context) (err error) {
	defer func() { g.recovered(recover(), &err) }()
	return g.driverConn.Ping(ctx)
}

func (g *guarded) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (res driver.Result, err error) {
	defer func() { g.recovered(recover(), &err) }()
	return g.driverConn.ExecContext(ctx, query, args)
}

func (g *guarded) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	defer func() { g.recovered(recover(), &err) }()
	if rows, err = g.driverConn.QueryContext(ctx, query, args); err != nil {
		return nil, err
	}
	return &guardedRows{Rows: rows, on: g}, nil
}

func (g *guarded) PrepareContext(ctx context.Context, query string) (stmt driver.Stmt, err error) {
	defer func() { g.recovered(recover(), &err) }()
	if stmt, err = g.driverConn.PrepareContext(ctx, query); err != nil {
		return nil, err
	}
	able, ok := stmt.(driverStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("statement of the driver is a %T", stmt), stmt.Close())
	}
	return &guardedStmt{driverStmt: able, on: g}, nil
}

func (s *guardedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (res driver.Result, err error) {
	defer func() { s.on.recovered(recover(), &err) }()
	return s.driverStmt.ExecContext(ctx, args)
}

func (s *guardedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (rows driver.Rows, err error) {
	defer func() { s.on.recovered(recover(), &err) }()
	if rows, err = s.driverStmt.QueryContext(ctx, args); err != nil {
		return nil, err
	}
	return &guardedRows{Rows: rows, on: s.on}, nil
}

func (r *guardedRows) Next(dest []driver.Value) (err error) {
	defer func() { r.on.recovered(recover(), &err) }()
	return r.Rows.Next(dest)
}

func (r *guardedRows) Close() (err error) {
	defer func() { r.on.recovered(recover(), &err) }()
	return r.Rows.Close()
}
