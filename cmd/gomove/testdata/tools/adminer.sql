-- Adminer 4.8.1 MySQL 5.6.24 dump

SET NAMES utf8;
SET time_zone = '+00:00';
SET foreign_key_checks = 0;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';

CREATE DATABASE `made_by_tool` /*!40100 DEFAULT CHARACTER SET utf8 */;
USE `made_by_tool`;

SET NAMES utf8mb4;

DROP TABLE IF EXISTS `orders`;
CREATE TABLE `orders` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `person` int(11) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `person` (`person`),
  CONSTRAINT `of` FOREIGN KEY (`person`) REFERENCES `people` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO `orders` (`id`, `person`) VALUES
(1,	0),
(2,	7);

DROP TABLE IF EXISTS `people`;
CREATE TABLE `people` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(60) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO `people` (`id`, `name`) VALUES
(0,	'Zoë'),
(7,	'名前');

-- 2026-11-23 09:12:44
