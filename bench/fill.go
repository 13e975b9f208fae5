package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sync/errgroup"
)

const (
	fillers   = 2      // connections that fill
	fillBlock = 20_000 // rows of one statement
	analyzed  = 100    // tables at most whose statistics are brought up to date
)

// fill makes the set's schema with its rows. The same options give the same rows on every server.
func fill(ctx context.Context, db *sql.DB, s *set, o options) error {
	for _, q := range []string{"DROP DATABASE IF EXISTS " + s.schema(), "CREATE DATABASE " + s.schema() + " DEFAULT CHARACTER SET utf8mb4"} {
		if err := quietly(ctx, db, q); err != nil {
			return err
		}
	}
	for _, p := range s.parts {
		if err := fillTables(ctx, db, p, o); err != nil {
			return err
		}
	}
	if len(s.parts) > 0 {
		return nil
	}
	return fillTables(ctx, db, s, o)
}

// fillTables makes a set's tables in a schema that is there.
func fillTables(ctx context.Context, db *sql.DB, s *set, o options) error {
	stay := ctx
	g, ctx := errgroup.WithContext(ctx)
	blocks := make(chan rowBlock)
	g.Go(func() error {
		defer close(blocks)
		return eachBlock(ctx, s, o, blocks)
	})
	tables := s.tables(o)
	created := make(chan int, tables)
	for n := range tables {
		created <- n
	}
	close(created)
	makers, makeCtx := errgroup.WithContext(ctx)
	for range fillers {
		makers.Go(func() error {
			return onSession(makeCtx, db, func(c *sql.Conn) error {
				for n := range created {
					if _, err := c.ExecContext(makeCtx, s.create(n, true)); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	for range fillers {
		g.Go(func() error {
			if err := makers.Wait(); err != nil {
				return err
			}
			return onSession(ctx, db, func(c *sql.Conn) error { return fillBlocks(ctx, c, s, blocks) })
		})
	}
	if err := g.Wait(); err != nil || tables > analyzed {
		return err
	}
	for n := range tables {
		// A server that has had the rows for a while knows how many there are.
		if err := quietly(stay, db, fmt.Sprintf("ANALYZE TABLE %s.%s", s.schema(), s.table(n))); err != nil {
			return err
		}
	}
	return nil
}

// rowBlock is some rows of one table, and what they are made from.
type rowBlock struct {
	table, first, rows int
	random             *rand.Rand
}

func eachBlock(ctx context.Context, s *set, o options, out chan<- rowBlock) error {
	name := uint64(0)
	for _, c := range s.name {
		name = name*31 + uint64(c)
	}
	rows := s.tableRows(o)
	for n := range s.tables(o) {
		for first := 0; first < rows; first += fillBlock {
			random := rand.New(rand.NewPCG(o.seed+name, uint64(n)<<32|uint64(first))) //nolint:gosec // data of a benchmark
			select {
			case <-ctx.Done():
				return ctx.Err()
			case out <- rowBlock{n, first, min(fillBlock, rows-first), random}:
			}
		}
	}
	return nil
}

// fillBlocks loads blocks on one session.
func fillBlocks(ctx context.Context, c *sql.Conn, s *set, blocks <-chan rowBlock) error {
	var serial atomic.Int64
	name := fmt.Sprintf("bench-%p", &serial)
	for b := range blocks {
		mysql.RegisterReaderHandler(name, func() io.Reader { return &rowStream{set: s, block: b} })
		_, err := c.ExecContext(ctx, fmt.Sprintf("LOAD DATA LOCAL INFILE 'Reader::%s' INTO TABLE %s.%s CHARACTER SET binary", name, s.schema(), s.table(b.table)))
		mysql.DeregisterReaderHandler(name)
		if err != nil {
			return fmt.Errorf("fill %s: %w", s.name, err)
		}
	}
	return nil
}

// rowStream makes rows as they are read.
type rowStream struct {
	set   *set
	block rowBlock
	done  int
	buf   []byte
	at    int
}

// Read gives the next bytes of rows.
func (r *rowStream) Read(p []byte) (int, error) {
	if r.at == len(r.buf) {
		r.buf, r.at = r.buf[:0], 0
		for len(r.buf) < len(p) && r.done < r.block.rows {
			r.buf = append(r.set.row(r.buf, r.block.random, r.block.first+r.done), '\n')
			r.done++
		}
		if len(r.buf) == 0 {
			return 0, io.EOF
		}
	}
	n := copy(p, r.buf[r.at:])
	r.at += n
	return n, nil
}

// onSession runs do on a session that writes no binary log. unique_checks stays on: on MariaDB two sessions would deadlock without.
func onSession(ctx context.Context, db *sql.DB, do func(*sql.Conn) error) error {
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, "SET sql_log_bin=0, sql_mode='', foreign_key_checks=0")
	if err == nil {
		err = do(c)
	}
	return errors.Join(err, c.Close())
}

// quietly runs one statement that leaves no trace in the binary log.
func quietly(ctx context.Context, db *sql.DB, query string) error {
	return onSession(ctx, db, func(c *sql.Conn) error {
		if _, err := c.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("%.200s: %w", query, err)
		}
		return nil
	})
}

// countRows adds up the rows of all tables of a schema.
func countRows(ctx context.Context, db *sql.DB, schema string) (tables int, rows int64, err error) {
	names, err := tableNames(ctx, db, schema)
	if err != nil {
		return 0, 0, err
	}
	for _, name := range names {
		var n int64
		if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM `"+schema+"`.`"+name+"`").Scan(&n); err != nil {
			return 0, 0, err
		}
		rows += n
	}
	return len(names), rows, nil
}

func tableNames(ctx context.Context, db *sql.DB, schema string) (names []string, err error) {
	rows, err := db.QueryContext(ctx, "SELECT table_name FROM information_schema.tables WHERE table_type='BASE TABLE' AND table_schema=?", schema)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
