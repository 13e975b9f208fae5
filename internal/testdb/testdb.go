// Package testdb starts real servers for tests: MariaDB 10.11, MySQL 5.6.24 and MySQL 9.7, each in a folder and on a port of its own.
package testdb
