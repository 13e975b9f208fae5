package mysqldump

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// seeds are scripts that have what mysqldump's files have.
var seeds = []string{
	"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB, for x (y)\n-- Host: h    Database: s\n-- Server version\t10.11.19-MariaDB\n" +
		"/*!40101 SET NAMES utf8mb4 */;\n/*!40103 SET TIME_ZONE='+00:00' */;\n/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n" +
		"-- CHANGE MASTER TO MASTER_LOG_FILE='bin.000001', MASTER_LOG_POS=289020;\nCREATE DATABASE /*!32312 IF NOT EXISTS*/ `s` /*!40100 DEFAULT CHARACTER SET latin1 */;\nUSE `s`;\n" +
		"DROP TABLE IF EXISTS `t`;\n/*!40101 SET @saved_cs_client = @@character_set_client */;\nCREATE TABLE `t` (\n  `id` int(11) NOT NULL,\n  `b` blob,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n" +
		"LOCK TABLES `t` WRITE;\n/*!40000 ALTER TABLE `t` DISABLE KEYS */;\nINSERT INTO `t` VALUES\n(1,_binary 'it''s \\'\\0'),\n(2,NULL);\nUNLOCK TABLES;\n" +
		"/*!50003 SET sql_mode = '' */ ;\nDELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER tr BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a=1; END */;;\nDELIMITER ;\n" +
		"/*!50001 CREATE VIEW `v` AS SELECT\n 1 AS `id`*/;\n/*!50001 DROP VIEW IF EXISTS `v`*/;\n/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a`@`%` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 1 AS `id` */;\n" +
		"-- Dump completed on 2026-11-23  0:01:06\n",
	"SET NAMES latin1;CREATE TABLE a (i int, s varchar(9)) CHARSET=latin1;INSERT INTO a (s,i) VALUES ('\xe9',1),(\"a)b\",-1.5e3);REPLACE a(s,i)VALUE('x',1);",
	"SET sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES';CREATE TABLE \"a\" (\"i\" text);INSERT INTO \"a\" VALUES ('\\');",
	"CREATE SEQUENCE q START WITH 1;DO SETVAL(q,1,0);CREATE TABLE g (a int, b int AS (a+1) VIRTUAL);INSERT INTO g VALUES (1,2);",
	"SET TIME_ZONE='-01:30';CREATE TABLE z (t timestamp(3) NULL);INSERT INTO z VALUES ('2020-01-01 00:00:00.125'),('0000-00-00 00:00:00'),(NULL);",
	"INSERT INTO a VALUES (1", "/*!50001 CREATE TABLE `v` (a tinyint) */;", "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END//\n", "CHANGE MASTER TO MASTER_LOG_FILE='x', MASTER_LOG_POS=4;",
}

// rowsByTable are the rows that a script gives, and its other events without the places in the file.
func rowsByTable(ctx context.Context, r io.Reader, once bool, chunk int64) (rows map[string]string, others []string, err error) {
	f, err := Open(ctx, Options{Name: "f", Into: "s", Once: once, ChunkBytes: chunk, Open: func() (io.ReadCloser, error) {
		if s, ok := r.(io.Seeker); ok {
			if _, err := s.Seek(0, io.SeekStart); err != nil {
				return nil, err
			}
		}
		return io.NopCloser(r), nil
	}})
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	rows = map[string]string{}
	counts, ended := map[string]int64{}, map[string]bool{}
	for {
		e, err := f.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			slices.Sort(others)
			return rows, others, nil
		case err != nil:
			return nil, nil, err
		case e.Chunk != nil:
			in, err := e.Chunk.Open()
			if err != nil {
				return nil, nil, err
			}
			text, err := io.ReadAll(in)
			if err != nil {
				return nil, nil, err
			}
			name := e.Chunk.Schema + "." + e.Chunk.Table
			if ended[name] {
				return nil, nil, errors.New("rows behind the end of their table")
			}
			rows[name] += string(text)
			counts[name] += e.Chunk.Rows
			e.Chunk.Release()
		case e.Finished != nil:
			name := e.Finished.Schema + "." + e.Finished.Table
			if counts[name] != e.Finished.Rows || ended[name] {
				return nil, nil, errors.New("a table ends twice, or with another number of rows than its chunks have")
			}
			ended[name] = true
		case e.Object != nil:
			for i, text := range e.Object.Texts {
				others = append(others, e.Object.Files[i]+string(text))
			}
		}
	}
}

// FuzzFeed reads any script by its path and from a pipe, in large and in small pieces: what is read must be the same.
func FuzzFeed(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		rows, others, err := rowsByTable(t.Context(), bytes.NewReader(script), false, 0)
		if err != nil {
			return
		}
		if small, same, err := rowsByTable(t.Context(), bytes.NewReader(script), false, 8); err != nil || !maps.Equal(rows, small) || !slices.Equal(others, same) {
			t.Errorf("in small chunks: %v\n%s", err, cmp.Diff(rows, small))
		}
		piped, same, err := rowsByTable(t.Context(), iotest.OneByteReader(bytes.NewReader(script)), true, 0)
		if err != nil && (strings.Contains(err.Error(), "pipe") || strings.Contains(err.Error(), "path")) {
			return // it says that a pipe cannot be read so
		}
		if err != nil || !maps.Equal(rows, piped) || !slices.Equal(others, same) {
			t.Errorf("from a pipe: %v\n%s%s", err, cmp.Diff(rows, piped), cmp.Diff(others, same))
		}
	})
}
